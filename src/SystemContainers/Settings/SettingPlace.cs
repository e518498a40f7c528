// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings;

/// <summary>Where a setting is carried out. It can't be where an image brings its own.</summary>
enum SettingPlace
{
    /// <summary>In config.json.</summary>
    Configuration,

    Unit,

    /// <summary>By sysctr itself, whatever the image brings.</summary>
    Any,
}

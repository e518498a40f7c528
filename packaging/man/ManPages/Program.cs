// SPDX-License-Identifier: Apache-2.0

using SystemContainers.ManPages;

// ManPages SOURCE OUTPUT: writes the manual of packaging/man, SOURCE, as it is installed.
Directory.CreateDirectory(args[1]);
foreach ((string name, string text) in Manual.Pages(args[0]))
{
    File.WriteAllText(Path.Combine(args[1], name), text);
}

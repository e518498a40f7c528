namespace SystemContainers.Render;

/// <summary>Turns an image's exports and the values into everything that is to be written on the host. Does no I/O.</summary>
static class ContainerRenderer
{
    /// <summary>Renders one container.</summary>
    /// <exception cref="Errors.SysctrException">
    /// Template: a template, value or config.json can't be used; Unsafe: a host file leaves its tree; Usage: a <c>--set</c> of a
    /// forced or unknown variable.
    /// </exception>
    public static RenderedContainer Render(RenderRequest request) => throw new NotSupportedException("comes with the next commit");
}

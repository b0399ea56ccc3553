namespace Gatehouse.Hub.Methods;

/// <summary>Where an identity can be called.</summary>
internal abstract record MethodRoute
{
    private MethodRoute()
    {
    }

    /// <param name="Methods">A session of this node.</param>
    internal sealed record Here(ServedMethods Methods) : MethodRoute;

    /// <param name="Node">The node that offered itself.</param>
    internal sealed record There(Guid Node) : MethodRoute;
}

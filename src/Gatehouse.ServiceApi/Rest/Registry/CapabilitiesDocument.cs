namespace Gatehouse.ServiceApi.Rest.Registry;

/// <summary>The <c>capabilities</c> object of a device.</summary>
internal sealed class CapabilitiesDocument
{
    public bool? IotEdge { get; init; }
}

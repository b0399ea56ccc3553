namespace Gatehouse.Gateway;

/// <summary>Settings of the device plane.</summary>
public sealed record GatewayOptions
{
}

namespace Gatehouse.Gateway.Amqp;

/// <summary>What a device has one link for at a time, on whatever connection.</summary>
internal enum LinkPurpose
{
    DeviceBound,
}

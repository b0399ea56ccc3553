namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>What a test looks at of a transfer.</summary>
internal sealed record AmqpDelivery(uint Handle, uint? DeliveryId, byte[] Tag);

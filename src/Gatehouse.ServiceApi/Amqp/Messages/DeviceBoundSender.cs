using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Throttling;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;
using Microsoft.Extensions.Logging;

namespace Gatehouse.ServiceApi.Amqp.Messages;

/// <summary>Takes messages to devices from one back end: one after the other into their queues, so that they keep their order; an outcome leaves when its message is durable.</summary>
internal sealed class DeviceBoundSender(CloudToDeviceMessages messages, Throttles throttles, IGrant grant, ILogger log) : IncomingHandler
{
    private readonly HubName hub = grant.Principal.Hub;
    private readonly Lock gate = new();
    private readonly Queue<Arrived> arrived = new();
    private IDisposable? granted;
    private bool isStoring;
    private readonly CancellationTokenSource closing = new();
    private bool isClosed;

    public override void OnAttached()
    {
        var watch = grant.WhenEnded(error => Link.Detach(AmqpErrors.From(error)));
        lock (gate)
        {
            if (!isClosed)
            {
                granted = watch;
                return;
            }
        }

        watch.Dispose();
    }

    public override void OnClosed()
    {
        lock (gate)
        {
            isClosed = true;
            arrived.Clear(); // Nobody waits for their outcome any more, and none was promised.
        }

        closing.Cancel();
        granted?.Dispose();
    }

    public override bool TryTake(in IncomingMessage message)
    {
        var read = DeviceBoundMessage.Read(message);
        lock (gate)
        {
            // The engine gives credit for so many that have no outcome yet: the queue is no longer than that.
            arrived.Enqueue(new Arrived(message.DeliveryId, message.IsSettled, read));
            if (isStoring || isClosed)
            {
                return true;
            }

            isStoring = true;
        }

        _ = Task.Run(StoreAsync);
        return true;
    }

    private async Task StoreAsync()
    {
        while (true)
        {
            Arrived next;
            lock (gate)
            {
                if (!arrived.TryDequeue(out next))
                {
                    isStoring = false;
                    return;
                }
            }

            var stored = await StoreAsync(next.Read);
            if (next.IsSettled)
            {
                continue;
            }

            if (stored.IsOk)
            {
                Link.Settle(next.DeliveryId, Outcome.Accepted);
            }
            else
            {
                Link.Settle(next.DeliveryId, Outcome.Rejected, AmqpErrors.From(stored.Error));
            }

            Link.FlushSoon();
        }
    }

    private async Task<Result<long>> StoreAsync(Result<DeviceBoundMessage> read)
    {
        try
        {
            // Held back here, in order: a link has no more under way than its credit.
            if (await throttles.PassAsync(hub, Operations.SendCloudToDeviceMessage, 1, closing.Token) is { } throttled)
            {
                return throttled;
            }

            if (!read.IsOk)
            {
                return read.Error;
            }

            var device = await AddresseeAsync(read.Value);
            return device.IsOk ? await messages.SendAsync(hub, device.Value, read.Value.Message, CancellationToken.None) : device.Error;
        }
        catch (OperationCanceledException)
        {
            return HubErrors.ServiceUnavailable;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            log.MessageNotStored(error, hub.Value);
            return HubErrors.ServerError;
        }
    }

    // Some clients encode the id and others do not. A message must not go to the one device when the other was meant.
    private async Task<Result<DeviceId>> AddresseeAsync(DeviceBoundMessage message)
    {
        if (message.AsWritten is not { } written || written == message.Device || !(await messages.CountAsync(hub, written, CancellationToken.None)).IsOk)
        {
            return message.Device;
        }

        return (await messages.CountAsync(hub, message.Device, CancellationToken.None)).IsOk
            ? HubErrors.ArgumentInvalid.With($"The address names the device '{written}' as it is written and the device '{message.Device}' when it is decoded; both are there.")
            : written;
    }

    private readonly record struct Arrived(uint DeliveryId, bool IsSettled, Result<DeviceBoundMessage> Read);
}

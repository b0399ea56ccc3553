using System.Buffers;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Gateway.Faults;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Streams.Log;

namespace Gatehouse.Gateway.Http;

/// <summary>POST of one message, or of a batch as <c>application/vnd.microsoft.iothub.json</c>: 204 once all of it is durable.</summary>
internal sealed class SendEvent(GatewayParts parts) : DeviceOperation(Operations.SendTelemetry, "POST", "messages/events")
{
    // Takes its rate itself: a batch counts as its messages.
    internal override bool IsThrottledByRequest => false;

    internal override async ValueTask<HubError?> RunAsync(DeviceRequest request, CancellationToken cancellationToken)
    {
        var isBatch = EventBatch.IsBatch(request.Http.Request.ContentType);
        var telemetry = request.Caller.Telemetry;
        var limit = isBatch ? parts.Options.MaxHttpBatchBytes : telemetry.MaxMessageBytes;
        var read = await RequestBody.ReadAsync(request.Http.Request, limit, HubErrors.MessageTooLarge, cancellationToken);
        if (!read.IsOk)
        {
            return read.Error;
        }

        using var body = read.Value;
        var error = isBatch ? await SendBatchAsync(request.Caller, body.Bytes, cancellationToken) : await SendOneAsync(request, body.Bytes, cancellationToken);
        if (error is null)
        {
            request.AnswerNoContent();
        }

        return error;
    }

    private async ValueTask<HubError?> SendOneAsync(DeviceRequest request, ReadOnlySequence<byte> body, CancellationToken cancellationToken)
    {
        if (parts.Faults is { } faults && TakeFault(faults, request, out var fault))
        {
            return fault;
        }

        if (await ReserveAsync(request.Caller.Telemetry, 1, cancellationToken) is { } throttled)
        {
            return throttled;
        }

        var commit = new CommitWait();
        commit.Add();
        while (true)
        {
            if (!EventProperties.TryBuild(request.Http.Request.Headers, request.Caller.Stamps, out var head))
            {
                return HubErrors.MessageTooLarge.With("The properties of the message are too large.");
            }

            switch (request.Caller.Telemetry.TryAppendReserved(head, body, commit, 0))
            {
                case TelemetryOutcome.Queued:
                    return await commit.WaitAsync() ? null : HubErrors.ServerError;
                case TelemetryOutcome.TooLarge:
                    return HubErrors.MessageTooLarge;
                default:
                    await request.Caller.Telemetry.WaitForRoomAsync(cancellationToken);
                    break;
            }
        }
    }

    // A refusal answers the request that orders it, as the tests of the C# SDK expect; there is no connection to cut later but this one.
    private static bool TakeFault(FaultInjection faults, DeviceRequest request, out HubError? fault)
    {
        fault = faults.RefusalOf(request.Principal);
        if (fault is not null || !EventProperties.TryBuild(request.Http.Request.Headers, request.Caller.Stamps, out var head) || FaultOrder.Read(head) is not { } order)
        {
            return fault is not null;
        }

        if (order.IsRefusal)
        {
            faults.Take(request.Principal, order with { Delay = TimeSpan.Zero }, static _ => { }, CancellationToken.None);
            fault = order.Error;
        }
        else if (order.Type == FaultType.KillTcp)
        {
            request.Http.Abort();
        }

        return true;
    }

    private async ValueTask<HubError?> SendBatchAsync(DeviceCaller caller, ReadOnlySequence<byte> json, CancellationToken cancellationToken)
    {
        using var batch = EventBatch.Read(json, parts.Options.MaxBatchMessages, caller.Telemetry.MaxMessageBytes);
        if (batch.Error is not null || batch.Count == 0)
        {
            return batch.Error;
        }

        if (await ReserveAsync(caller.Telemetry, batch.Count, cancellationToken) is { } throttled)
        {
            return throttled;
        }

        // Begun, it is handed in to its end, also when the device leaves meanwhile: all of it or none.
        var commit = new CommitWait();
        for (var i = 0; i < batch.Count; i++)
        {
            commit.Add();
            while (!TryAppend(caller, batch, i, commit))
            {
                await caller.Telemetry.WaitForRoomAsync(CancellationToken.None);
            }
        }

        return await commit.WaitAsync() ? null : HubErrors.ServerError;
    }

    private static bool TryAppend(DeviceCaller caller, EventBatch batch, int index, CommitWait commit) =>
        EventProperties.TryJoin(caller.Stamps, batch.Fields(index), out var head)
        && caller.Telemetry.TryAppendReserved(head, batch.Body(index), commit, 0) == TelemetryOutcome.Queued;

    // Bursts are evened out before anything is refused. Source: IoT Hub "Quotas and throttling" page, traffic shaping.
    private async ValueTask<HubError?> ReserveAsync(TelemetryChannel telemetry, int messages, CancellationToken cancellationToken)
    {
        var claim = new RateClaim(messages);
        try
        {
            while (!telemetry.TryReserve(ref claim, out var wait, out var refusal))
            {
                if (refusal is not null)
                {
                    return refusal;
                }

                await Task.Delay(wait, parts.Time, cancellationToken);
            }

            return null;
        }
        catch (OperationCanceledException)
        {
            telemetry.GiveBack(ref claim);
            throw;
        }
    }
}

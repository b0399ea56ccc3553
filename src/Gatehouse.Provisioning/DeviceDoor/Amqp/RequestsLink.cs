using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.DeviceDoor.Amqp;

/// <summary>Requests of a device, one after the other: accepted and answered on its other link, or rejected with the reason.</summary>
internal sealed class RequestsLink(RegistrationPeer peer, ushort channel, RegistrationTarget target, DeviceRegistrations registrations, ProvisioningOptions options, TimeProvider time, ILogger log) : IncomingHandler
{
    private int isBusy;

    public override bool TryTake(in IncomingMessage message)
    {
        if (Interlocked.CompareExchange(ref isBusy, 1, 0) != 0)
        {
            return false;
        }

        _ = RunAsync(RegistrationRequest.Read(message.Bytes.Span), message.DeliveryId, message.IsSettled);
        return true;
    }

    public override void OnClosed() => peer.Leave();

    private async Task RunAsync(Result<RegistrationRequest> request, uint deliveryId, bool isSettled)
    {
        try
        {
            var answer = request.IsOk ? await AnswerAsync(request.Value) : request.Error;
            var refused = answer.IsOk ? null : RegistrationFault.Of(answer.Error, options, time);
            if (!isSettled)
            {
                Link.Settle(deliveryId, refused is null ? Outcome.Accepted : Outcome.Rejected, refused);
                Link.FlushSoon();
            }

            // Without the other link it is done all the same.
            if (refused is null)
            {
                await peer.Replies.SendAsync(channel, answer.Value);
            }
        }
        finally
        {
            Volatile.Write(ref isBusy, 0);
            Link.Resume();
        }
    }

    // The whole message: once the request is accepted, nothing is left that could go wrong unheard.
    private async Task<Result<byte[]>> AnswerAsync(RegistrationRequest request)
    {
        var answer = await registrations.RunSafelyAsync(target with { Row = request.Row, OperationId = request.OperationId }, peer.Caller, _ => Task.FromResult(ReadBody(request)), CancellationToken.None);
        if (!answer.IsOk || answer.Value.Challenge is not null)
        {
            return answer.Error ?? ProvisioningErrors.Unauthorized;
        }

        try
        {
            return ReplyMessage.Make(request.CorrelationId, answer.Value, RegistrationFault.SecondsOf(options));
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            log.DeviceRequestFailed(request.Row.Name, peer.Caller.Protocol, error);
            return ProvisioningErrors.ServerError;
        }
    }

    private Result<RegistrationBody?> ReadBody(RegistrationRequest request)
    {
        if (request.Row == Operations.GetOperationStatus)
        {
            return (RegistrationBody?)null;
        }

        if (request.Body.Length > options.MaxDeviceBodyBytes)
        {
            return ProvisioningErrors.RequestTooLarge.With($"The body is larger than {options.MaxDeviceBodyBytes} bytes.");
        }

        // The keys of a TPM are those that SASL showed.
        var read = JsonBody.Parse(request.Body, ProvisioningJson.Types.RegistrationBody);
        return read is { IsOk: true, Value: { } sent } ? sent with { Tpm = null } : read;
    }
}

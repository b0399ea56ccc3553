using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Gateway.Sessions;
using Gatehouse.Hub.Throttling;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>Requests of one device or module to its twin. They are taken in order and answered in order, on the other link of the pair; a bounded number is under way.</summary>
internal sealed class TwinRequestsLink : IncomingHandler, IOwnedLink
{
    private static readonly HubError Unreadable =
        HubErrors.ArgumentInvalid.With("A request to a twin needs a correlation-id of at most 256 bytes, texts for operation and resource, an integer or nothing for version, and a body of data sections.");

    private static readonly HubError UnknownOperation =
        HubErrors.ArgumentInvalid.With("A twin is asked with GET, PATCH of /properties/reported, PUT or DELETE of /notifications/twin/properties/desired.");

    private readonly GatewayParts parts;
    private readonly DeviceShare? share;
    private readonly OwnTwin twin;
    private Task last = Task.CompletedTask;
    private int underWay;

    internal TwinRequestsLink(GatewayParts parts, AmqpPeer peer, IGrant grant)
    {
        this.parts = parts;
        Standing = new LinkStanding(parts, peer, grant, LinkPurpose.TwinRequests);
        share = parts.Throttles.Join(Standing.Hub, Standing.Identity);
        twin = new OwnTwin(parts, Standing.Principal, share);
    }

    public LinkStanding Standing { get; }

    private TwinAnswersLink? Answers => parts.Links.FindBeside<TwinAnswersLink>(Standing, LinkPurpose.TwinAnswers);

    public override void OnAttached() => Standing.Begin(Link, this);

    public override bool TryTake(in IncomingMessage message)
    {
        if (Volatile.Read(ref underWay) >= parts.Options.MaxTwinRequests)
        {
            return false;
        }

        Standing.Touch();
        if (!TwinRequest.TryRead(message.Bytes.Span, out var request))
        {
            Standing.Reject(Link, message, Unreadable);
            return true;
        }

        if (!message.IsSettled)
        {
            Link.Settle(message.DeliveryId, Outcome.Accepted);
            Link.FlushSoon();
        }

        Interlocked.Increment(ref underWay);
        last = RunAsync(last, request.CorrelationId.ToArray(), request.Operation, Begin(request, message.Bytes), twin.Now);
        return true;
    }

    public override void OnClosed()
    {
        Standing.End(this);
        twin.End();
        share?.Dispose();
    }

    public void Displace() => LinkStanding.Displace(Link);

    // What has an order of its own begins at once; what only reads waits for its turn.
    private Task<Result<long>>? Begin(in TwinRequest request, ReadOnlyMemory<byte> message)
    {
        switch (request.Operation)
        {
            case TwinOperation.Report:
                return twin.ReportAsync(request.BodyOf(message), request.Version);
            case TwinOperation.Observe:
                Answers?.Observe();
                return null;
            case TwinOperation.Forget:
                Answers?.Forget();
                return null;
            default:
                return null;
        }
    }

    private async Task RunAsync(Task before, byte[] correlationId, TwinOperation operation, Task<Result<long>>? report, long arrived)
    {
        try
        {
            await before;
            await AnswerAsync(correlationId, operation, report, arrived);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            parts.Log.TwinRequestFailed(Standing.Hub.Value, Standing.Identity.ToString(), error);
            await FailAsync(correlationId, HubErrors.ServerError);
        }
        finally
        {
            if (Interlocked.Decrement(ref underWay) < parts.Options.MaxTwinRequests)
            {
                Link.Resume();
            }
        }
    }

    private async Task AnswerAsync(byte[] correlationId, TwinOperation operation, Task<Result<long>>? report, long arrived)
    {
        switch (operation)
        {
            case TwinOperation.Read:
                var properties = await twin.ReadAsync(arrived);
                await (properties.IsOk ? SendAsync(TwinMessage.Answer(correlationId, 200, null, properties.Value.Span)) : FailAsync(correlationId, properties.Error));
                break;
            case TwinOperation.Report:
                var version = await report!;
                await (version.IsOk ? SendAsync(TwinMessage.Answer(correlationId, 204, version.Value, default)) : FailAsync(correlationId, version.Error));
                break;
            case TwinOperation.Observe or TwinOperation.Forget:
                await SendAsync(TwinMessage.Answer(correlationId, 204, null, default));
                break;
            default:
                await FailAsync(correlationId, UnknownOperation);
                break;
        }
    }

    private Task FailAsync(byte[] correlationId, HubError error) =>
        SendAsync(TwinMessage.Answer(correlationId, error.HttpStatus, null, DeviceErrorBody.Encode(error, parts.Time.GetUtcNow()).Span));

    // Without the other link the request is done all the same.
    private Task SendAsync(byte[] message) => Answers?.SendAsync(message) ?? Task.CompletedTask;
}

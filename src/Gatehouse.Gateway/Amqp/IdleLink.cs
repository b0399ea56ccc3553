using Gatehouse.Contracts.Credentials;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;

namespace Gatehouse.Gateway.Amqp;

/// <summary>A module listens for its inputs: only an Edge device has any to give, so nothing ever comes. SDKs that open the link with a module must find it.</summary>
internal sealed class IdleLink(IGrant grant) : OutgoingHandler
{
    private readonly Lock gate = new();
    private IDisposable? granted;
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

    public override void OnCredit() => Link.CompleteDrain();

    public override void OnClosed()
    {
        lock (gate)
        {
            isClosed = true;
        }

        granted?.Dispose();
    }
}

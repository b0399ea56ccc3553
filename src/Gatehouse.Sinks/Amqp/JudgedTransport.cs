using System.Net.Security;
using Amqp;
using Gatehouse.Sinks.Outbound;

namespace Gatehouse.Sinks.Amqp;

/// <summary>Connects the AMQP client only to addresses that may be called.</summary>
internal sealed class JudgedTransport : TransportProvider
{
    private readonly AmqpTarget target;
    private readonly SinkOptions options;
    private readonly CancellationToken cancellationToken;
    private Stream? stream;

    internal JudgedTransport(AmqpTarget target, SinkOptions options, CancellationToken cancellationToken)
    {
        (this.target, this.options, this.cancellationToken) = (target, options, cancellationToken);
        AddressSchemes = ["amqp", "amqps"];
    }

    /// <summary>Cuts what was connected, whoever waits on it.</summary>
    internal void Abort() => stream?.Dispose();

    public override async Task<IAsyncTransport> CreateAsync(Address address)
    {
        stream = await OutboundAddresses.ConnectAsync(target.Host, target.Port, options, cancellationToken);
        if (target.IsPlain)
        {
            return new StreamTransport(stream);
        }

        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = target.Host }, cancellationToken);
            return new StreamTransport(secure);
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Gatehouse.Transport.Admission;
using Gatehouse.Transport.Connections;
using Gatehouse.Transport.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Transport.Listeners;

/// <summary>The way of every connection: admission, TLS, then its protocol; and out again. Exceptions end here.</summary>
internal sealed class Doorkeeper(ConnectionTable table, TlsHandshake tls, IntermediateCache intermediates, RolloverWatch rollover, RefusalTally tally)
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private StreamPipeReaderOptions? readerOptions;

    private ConnectionLimits Limits => table.Limits;

    // A connection keeps what waits for its end: the ways below capture nothing, so that an idle one costs one task for each await and no closures.

    /// <summary>TLS, then the protocol's handler.</summary>
    public Task ServeAsync(ConnectionContext context, string protocol, IConnectionHandler handler) =>
        GuardAsync(context, protocol, handler, static (keeper, context, watch, handler) => keeper.ServeSecureAsync(context, watch, handler));

    public Task ServePlainMqttAsync(ConnectionContext context, IConnectionHandler handler) =>
        GuardAsync(context, "mqtt", handler, static (keeper, context, watch, handler) =>
        {
            var input = new BudgetedInput(context.Transport.Input, watch, keeper.Limits.MaxUnauthenticatedBytes);
            var peer = new PeerInfo { RemoteEndPoint = context.RemoteEndPoint, Protocol = "mqtt" };
            return handler.RunAsync(new StreamConnection(input, context.Transport.Output, peer, watch, null));
        });

    public Task ServeHttpsAsync(ConnectionContext context, ConnectionDelegate http) =>
        GuardAsync(context, "https", http, static (keeper, context, watch, http) => keeper.ServeHttpsAsync(context, watch, http));

    private async Task ServeHttpsAsync(ConnectionContext context, ConnectionWatch watch, ConnectionDelegate http)
    {
        if (await tls.RunAsync(context.Transport, watch) is not { } session)
        {
            return;
        }

        watch.StopAuthenticationClock();
        var feature = new SecureConnection(watch, session, () => Keep(session));
        context.Features.Set(feature);
        context.Features.Set<ITlsConnectionFeature>(feature);
        context.Features.Set<ITlsHandshakeFeature>(feature);
        var outer = context.Transport;
        context.Transport = new PipePair(Reader(context, session), Writer(context, session));
        try
        {
            await http(context);
        }
        finally
        {
            await EndAsync(context.Transport.Input, context.Transport.Output, session);
            context.Transport = outer;
        }
    }

    private async Task ServeSecureAsync(ConnectionContext context, ConnectionWatch watch, IConnectionHandler handler)
    {
        if (await tls.RunAsync(context.Transport, watch) is not { } session)
        {
            return;
        }

        var reader = Reader(context, session);
        var writer = Writer(context, session);
        var input = new BudgetedInput(reader, watch, Limits.MaxUnauthenticatedBytes);
        try
        {
            await handler.RunAsync(Connection(context, watch, session, input, writer));
        }
        finally
        {
            if (!watch.IsKnown && !watch.IsAborted && !input.HasReceived && !session.IsResumed)
            {
                // Clients that look at our certificate after the handshake leave like this.
                rollover.Of(session.IsNext).Leave(watch.IsFromKnownAddress);
            }

            // Its last words and close_notify must not wait for ever for a peer that does not read.
            watch.CloseBy(CloseTimeout);
            await EndAsync(reader, writer, session);
        }
    }

    private StreamConnection Connection(ConnectionContext context, ConnectionWatch watch, TlsSession session, BudgetedInput input, PipeWriter writer)
    {
        var peer = new PeerInfo
        {
            RemoteEndPoint = context.RemoteEndPoint,
            Protocol = watch.Protocol,
            HostName = session.HostName,
            TlsVersion = session.Version,
            CipherSuite = session.CipherSuite,
            Server = session.Server,
            Certificate = session.Certificate,
        };
        return new StreamConnection(input, writer, peer, watch, session.Certificate is null ? null : () => Keep(session));
    }

    private async Task GuardAsync<T>(ConnectionContext context, string protocol, T state, Func<Doorkeeper, ConnectionContext, ConnectionWatch, T, Task> serve)
    {
        var address = (context.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        if (table.Gate.TryEnter(address) is var refusal && refusal != Refusal.None)
        {
            tally.Add(refusal, context.RemoteEndPoint);
            context.Abort();
            return;
        }

        var watch = new ConnectionWatch(context, table, address, protocol);
        table.Add(watch);
        try
        {
            await serve(this, context, watch, state);
        }
        catch (Exception e) when (watch.IsAborted || watch.Closed.IsCancellationRequested || e is IOException or OperationCanceledException)
        {
            watch.Abort("the connection was lost", "lost");
        }
        catch (Exception e)
        {
            TransportLog.HandlerFailed(table.Log, e, context.RemoteEndPoint);
            watch.Abort("its handler failed", "handler");
        }
        finally
        {
            await CloseAsync(context, watch);
            table.Remove(watch);
        }
    }

    /// <summary>Lets the last bytes out while the heartbeat still watches.</summary>
    private static async Task CloseAsync(ConnectionContext context, ConnectionWatch watch)
    {
        if (watch.IsAborted)
        {
            return;
        }

        watch.CloseBy(CloseTimeout);
        await context.Transport.Output.CompleteAsync();
        await context.Transport.Input.CompleteAsync();
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (context.ConnectionClosed.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), closed))
        {
            await closed.Task;
        }
    }

    private static async Task EndAsync(PipeReader reader, PipeWriter writer, TlsSession session)
    {
        try
        {
            await writer.CompleteAsync();
            await session.Stream.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException or OperationCanceledException)
        {
            // The peer is gone; there is nobody to tell.
        }
        finally
        {
            await reader.CompleteAsync();
            await session.Stream.DisposeAsync();
            session.Certificate?.Dispose();
        }
    }

    private void Keep(TlsSession session)
    {
        if (session.Certificate is { } certificate)
        {
            intermediates.Keep(certificate.Leaf, certificate.Intermediates);
        }
    }

    private PipeReader Reader(ConnectionContext context, TlsSession session) => PipeReader.Create(session.Stream, ReaderOptions(context.Features.Get<IMemoryPoolFeature>()?.MemoryPool));

    private static PipeWriter Writer(ConnectionContext context, TlsSession session) => PipeWriter.Create(
        session.Stream, new StreamPipeWriterOptions(context.Features.Get<IMemoryPoolFeature>()?.MemoryPool, minimumBufferSize: 4_096, leaveOpen: true));

    // A reader keeps its options: one object for all connections of a pool.
    private StreamPipeReaderOptions ReaderOptions(MemoryPool<byte>? pool)
    {
        var last = Volatile.Read(ref readerOptions);
        if (last is null || last.Pool != (pool ?? MemoryPool<byte>.Shared))
        {
            last = new StreamPipeReaderOptions(pool, bufferSize: 4_096, minimumReadSize: 1_024, leaveOpen: true, useZeroByteReads: true);
            Volatile.Write(ref readerOptions, last);
        }

        return last;
    }
}

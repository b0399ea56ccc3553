using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Gatehouse.Streams.Nats;

/// <summary>Listens on a subject until disposed, whatever happens to the connection.</summary>
internal sealed class NatsListener : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Task listening;

    internal NatsListener(NatsLink link, string subject, Action<NatsMsg<byte[]>> heard, ILogger log) => listening = ListenAsync(link, subject, heard, log);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await listening;
        stopping.Dispose();
    }

    private async Task ListenAsync(NatsLink link, string subject, Action<NatsMsg<byte[]>> heard, ILogger log)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await foreach (var message in link.Connection.SubscribeAsync<byte[]>(subject, serializer: NatsRawSerializer<byte[]>.Default, cancellationToken: stopping.Token))
                {
                    heard(message);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                log.NatsListenFailed(subject, error.Message);
                await Task.Delay(link.Options.RequestTimeout, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}

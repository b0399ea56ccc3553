using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Monitoring;

/// <summary>What to read.</summary>
/// <param name="ConsumerGroup">Null for $Default.</param>
/// <param name="Device">Only events of this device.</param>
/// <param name="Module">Only events of this module of it.</param>
internal sealed record EventFilter(string? ConsumerGroup, string? Device, string? Module);

/// <summary>One connection's worth of events: one stream, or one for each partition, merged. Ends when the first of them ends.</summary>
internal sealed class EventFeed(HubClient hub, EventFilter filter)
{
    // Three missed heart-beats (docs/operator-api.md, "Events").
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);

    // How far the network may run ahead of the terminal.
    private const int Waiting = 256;

    /// <param name="streams">Partition (null for all) and where to start in it.</param>
    /// <param name="write">Gets each event.</param>
    /// <param name="opened">Called once all streams are open.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="HubUnreachable">A stream broke.</exception>
    internal async Task ReadAsync(IEnumerable<(int? Partition, string From)> streams, Func<JsonNode, bool> write, Action opened, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answers = new List<HttpResponseMessage>();
        var lines = Channel.CreateBounded<JsonNode>(Waiting);
        List<Task> readers = [];
        try
        {
            foreach (var (partition, from) in streams)
            {
                answers.Add(await hub.OpenAsync(Path(partition, from), cancellationToken));
            }

            opened();
            readers = [.. answers.Select(answer => PumpAsync(answer, lines.Writer, ending.Token))];
            await foreach (var each in lines.Reader.ReadAllAsync(cancellationToken))
            {
                if (!write(each))
                {
                    return;
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            answers.ForEach(answer => answer.Dispose());
            await Task.WhenAll(readers).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private HubPath Path(int? partition, string from) => HubPath.Operator("events")
        .With("consumerGroup", filter.ConsumerGroup)
        .With("partition", partition?.ToString(System.Globalization.CultureInfo.InvariantCulture))
        .With("from", from)
        .With("device", filter.Device)
        .With("module", filter.Module);

    private async Task PumpAsync(HttpResponseMessage answer, ChannelWriter<JsonNode> lines, CancellationToken cancellationToken)
    {
        Exception? broken = null;
        try
        {
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
            while (await ReadLineAsync(reader, cancellationToken) is { } line)
            {
                if (line.Length > 0)
                {
                    await lines.WriteAsync(JsonNode.Parse(line)!, cancellationToken);
                }
            }
        }
        catch (Exception error) when (error is IOException or HttpRequestException or JsonException or TimeoutException)
        {
            broken = new HubUnreachable($"the stream of {hub.Address} broke off: {error.Message}", error);
        }
        catch (Exception error) when (error is OperationCanceledException or ChannelClosedException or ObjectDisposedException)
        {
            // Another stream ended, or the reader left.
        }

        lines.TryComplete(broken);
    }

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Silence);
        try
        {
            return await reader.ReadLineAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing came for {Silence.TotalSeconds} s");
        }
    }
}

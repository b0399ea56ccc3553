using System.Text;
using Dapper;
using Gatehouse.Hub.Connections;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Hub.Tests.Twins;
using Gatehouse.Store;
using Gatehouse.Streams.Log;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>A hub whose router does not run, so that what is made stays in the outbox and can be looked at.</summary>
internal sealed class OutboxHost(HubHost host) : IAsyncDisposable
{
    internal HubHost Host { get; } = host;

    internal TwinHost Twins { get; } = new(host);

    internal ConnectionStates Connections => Host.Get<ConnectionStates>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Makes routes of these sources, in force when it returns.</summary>
    internal async Task RouteAsync(params RouteSource[] sources)
    {
        foreach (var source in sources)
        {
            var route = new MessageRoute { Name = source.ToString(), Source = source.ToString(), EndpointNames = ["events"] };
            Assert.Null((await Host.Get<RoutingDefinitions>().PutRouteAsync(Host.Hub, route, IfMatch.Absent, HubHost.Actor, Token)).Error?.Message);
        }

        await Host.Get<HubIntakes>().ReloadAsync(Host.Hub, Token);
    }

    internal Task FlushConnectionsAsync() => Host.Get<ConnectionWriter>().FlushAsync(Token);

    /// <summary>What waits, oldest first.</summary>
    internal async Task<IReadOnlyList<HubEvent>> WaitingAsync()
    {
        var rows = await Host.Get<Database>().ReadAsync((connection, cancel) => OutboxRows.ReadAsync(connection, null, Host.Hub, 1000, "", cancel), Token);
        return [.. rows.Select(row => EventRecords.Read(0, new StoredEvent(row.Id, Host.Time.GetUtcNow(), row.Record)))];
    }

    /// <summary>The same, and forgets them.</summary>
    internal async Task<IReadOnlyList<HubEvent>> TakeAsync()
    {
        var waiting = await WaitingAsync();
        await Host.Get<Database>().WriteAsync<bool>(
            async (write, cancel) =>
            {
                await write.Connection.ExecuteAsync(new CommandDefinition("DELETE FROM event_outbox", transaction: write.Transaction, cancellationToken: cancel));
                return true;
            },
            Token);
        return waiting;
    }

    internal static string Text(HubEvent each) => Encoding.UTF8.GetString(each.Body.Span);

    internal static string Operation(HubEvent each) => $"{each.ApplicationProperties["opType"]} {each.ApplicationProperties["deviceId"]}{(each.ApplicationProperties.TryGetValue("moduleId", out var module) ? "/" + module : "")}";

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}

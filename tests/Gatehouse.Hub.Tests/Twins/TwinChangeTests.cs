using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Xunit;

namespace Gatehouse.Hub.Tests.Twins;

/// <summary>What observers in the process are told of twins: each change once, after its commit, with what was written.</summary>
public sealed class TwinChangeTests
{
    private readonly List<TwinChange> told = [];

    [Fact]
    public async Task Each_write_is_told_with_what_it_wrote_and_a_refused_one_is_not()
    {
        await using var twins = new TwinHost(await HubHost.StartAsync());
        await twins.Host.PutAsync("d1");
        using (twins.Host.Get<TwinChanges>().Subscribe(told.Add))
        {
            await twins.PatchAsync("d1", """{"tags":{"a":null},"properties":{"desired":{"b":{"c":1},"d":null}}}""");
            await twins.ReportAsync("d1", """{"r":1}""");
            await twins.ReplaceAsync("d1", """{"tags":{"x":1}}""");
            await twins.PatchAsync("d1", """{"tags":{"a b":1}}""");
            await twins.ReportAsync("d1", """{"$r":1}""");
        }

        await twins.PatchAsync("d1", """{"tags":{"late":1}}""");

        const string Stamp = "\"$lastUpdated\":\"2026-11-24T08:00:00.0000000Z\"";
        const string Desired = Stamp + ",\"$lastUpdatedVersion\":2";
        Assert.Equal([TwinChangeKind.UpdateTwin, TwinChangeKind.UpdateTwin, TwinChangeKind.ReplaceTwin], told.Select(change => change.Kind));
        Assert.Equal([3, 4, 5], told.Select(change => change.Version));
        AssertJson("{\"version\":3,\"tags\":{\"a\":null},\"properties\":{\"desired\":{\"b\":{\"c\":1},\"d\":null,\"$metadata\":{" + Desired + ",\"b\":{" + Desired + ",\"c\":{" + Desired + "}}},\"$version\":2}}}", told[0]);
        AssertJson("{\"version\":4,\"properties\":{\"reported\":{\"r\":1,\"$metadata\":{" + Stamp + ",\"r\":{" + Stamp + "}},\"$version\":2}}}", told[1]);
        var whole = JsonNode.Parse(told[2].Json.Span)!;
        Assert.Equal((1, 3, 1), ((int)whole["tags"]!["x"]!, (int)whole["properties"]!["desired"]!["$version"]!, (int)whole["properties"]!["reported"]!["r"]!));
    }

    [Fact]
    public async Task Identities_that_come_and_go_are_told_with_their_twin()
    {
        await using var twins = new TwinHost(await HubHost.StartAsync());
        using var watching = twins.Host.Get<TwinChanges>().Subscribe(told.Add);

        await twins.Host.PutAsync("d1");
        await twins.Host.PutAsync("d1/m1");
        await twins.Host.PutAsync("d1");
        await twins.ReportAsync("d1/m1", """{"r":1}""");
        await twins.Host.DeleteAsync("d1/m1", IfMatch.Any);
        await twins.Host.DeleteAsync("d1", IfMatch.Any);

        Assert.Equal(
            ["CreateIdentity d1 2", "CreateIdentity d1/m1 2", "UpdateTwin d1/m1 3", "DeleteIdentity d1/m1 3", "DeleteIdentity d1 2"],
            told.Select(change => $"{change.Kind} {change.Key} {change.Version}"));
        var twin = JsonNode.Parse(told[3].Json.Span)!;
        Assert.Equal(("d1", "m1", 3, 1), ((string?)twin["deviceId"], (string?)twin["moduleId"], (int)twin["version"]!, (int)twin["properties"]!["reported"]!["r"]!));
        Assert.Equal(2, (int)twin["properties"]!["reported"]!["$version"]!);
        Assert.Null(twin["tags"]);
    }

    [Fact]
    public async Task An_observer_that_throws_keeps_nobody_from_hearing_and_nothing_from_being_written()
    {
        await using var twins = new TwinHost(await HubHost.StartAsync());
        using var broken = twins.Host.Get<TwinChanges>().Subscribe(_ => throw new InvalidOperationException());
        using var watching = twins.Host.Get<TwinChanges>().Subscribe(told.Add);

        await twins.Host.PutAsync("d1");

        Assert.Single(told);
        Assert.Equal(2, (await twins.ReportAsync("d1", """{"r":1}""")).Value);
    }

    private static void AssertJson(string expected, TwinChange change) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(change.Json.Span)), $"expected {expected}, got {Encoding.UTF8.GetString(change.Json.Span)}");
}

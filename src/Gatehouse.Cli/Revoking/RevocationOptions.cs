using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Cli.Revoking;

/// <summary>What every revocation may be told, and how its answer is shown.</summary>
internal sealed class RevocationOptions
{
    private const int MostNamed = 20;

    private readonly Option<string?> reason = new Option<string?>("--reason") { Description = "Why, in a word of RFC 5280; certificateHold is for a while, the others are final. Default: unspecified.", HelpName = "reason" }
        .AcceptOnlyFromAmong([.. Enum.GetValues<RevocationReason>().Select(Revocation.WordOf)]);

    private readonly Option<string?> note = new("--note") { Description = "Up to 256 characters for people; 'gatehouse why' shows them.", HelpName = "text" };

    internal Option<bool> Drill { get; } = new("--drill") { Description = "Say what would happen, and change nothing." };

    internal IEnumerable<Symbol> Symbols => [reason, note, Drill];

    internal string? Note(Call call) => call.Value(note);

    internal Task<JsonNode> SendAsync(Call call, JsonObject body)
    {
        body["reason"] = call.Value(reason);
        body["note"] = call.Value(note);
        return call.Hub.PostAsync(HubPath.Operator("revocations").With("drill", call.Value(Drill) ? "true" : null), body, null, call.Cancellation);
    }

    internal int Answer(Call call, JsonNode effect, string name) => call.Answer(effect, terminal => Write(call, terminal, effect, name));

    internal void Write(Call call, Terminal terminal, JsonNode effect, string name)
    {
        var entry = effect["revocation"]!;
        var (isDrill, isNew) = (call.Value(Drill), (bool)effect["isNew"]!);
        if (!isNew)
        {
            terminal.Line($"{name} was revoked already, at {ReadableTime.Of(entry["time"])} by {entry["actor"]} ({entry["reason"]}).");
        }
        else
        {
            terminal.Line(isDrill ? $"{name} would be revoked; nothing was changed." : $"{name} is revoked, here at once and on other nodes within a second.");
        }

        terminal.Line($"entry: {entry["mark"]}");
        var (count, live) = ((int)effect["liveCount"]!, effect["live"]!.AsArray());
        terminal.Line(count == 0 ? "Nobody is connected to this node by it."
            : $"{count} connected to this node by it{(isDrill || !isNew ? "" : ", cut off")}: {Names(live, count)}");
        if (isDrill && effect["registered"]!.AsArray() is { Count: > 0 } registered)
        {
            terminal.Line($"{registered.Count} registered with it: {Names(registered, registered.Count)}");
        }

        if (isNew && !isDrill && (string?)entry["reason"] == "certificateHold")
        {
            terminal.Note($"To take it back: gatehouse revoke undo {entry["mark"]}");
        }
    }

    private static string Names(JsonArray names, int count)
    {
        var shown = names.Take(MostNamed).Select(IdentityView.Text);
        return string.Join(", ", shown) + (count > MostNamed ? $" and {count - MostNamed} more" : "") + ".";
    }
}

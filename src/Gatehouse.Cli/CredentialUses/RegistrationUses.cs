using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.CredentialUses;

/// <summary>Uses of credentials of the provisioning service, as text.</summary>
internal static class RegistrationUses
{
    private static readonly string[] Prefixes = ["enrollment-group/", "enrollment/", "provisioning-policy/"];

    /// <summary>Whether a credential is one of the provisioning service.</summary>
    internal static bool IsMeant(string credential) => Array.Exists(Prefixes, prefix => credential.StartsWith(prefix, StringComparison.Ordinal));

    internal static void WriteUsers(Terminal terminal, JsonNode users)
    {
        terminal.Line($"{users["registrations"]} registrations came by {users["credential"]}, the last time {ReadableTime.Of(users["lastUsed"])}.");
        if (users["hubs"] is { } hubs)
        {
            terminal.Line($"At their hubs {hubs["devices"]} devices use the key that comes from it, the last time {ReadableTime.Of(hubs["lastUsed"])}; {hubs["connected"]} are connected by it now.");
            if ((long)hubs["outdated"]! > 0)
            {
                terminal.Line($"{hubs["outdated"]} devices have a key in this place at their hub that comes from an earlier one.");
            }

            if ((long)hubs["elsewhere"]! > 0)
            {
                terminal.Line($"{hubs["elsewhere"]} devices are in hubs of other servers; what they use there is known there.");
            }
        }

        Table(terminal, "registration", users["value"]!.AsArray(), static use => Text(use["registrationId"]) ?? "(back ends)");
        if (users["next"] is { } next)
        {
            terminal.Note($"More: --after '{next}'");
        }
    }

    internal static void Write(Terminal terminal, string registration, JsonArray uses)
    {
        if (uses.Count == 0)
        {
            terminal.Note($"'{registration}' has come by none of the credentials that its enrollments have now.");
            return;
        }

        Table(terminal, "credential", uses, static use => Text(use["credential"]));
    }

    private static void Table(Terminal terminal, string first, JsonArray uses, Func<JsonNode, string?> name)
    {
        if (uses.Count > 0)
        {
            terminal.Table([first, "last used", "first used", "protocol", "tls", "software", "at its hub", "connected by it"], uses.Select(use => new[]
            {
                name(use!), ReadableTime.Of(use!["lastUsed"]), ReadableTime.Of(use["firstUsed"]), Text(use["protocol"]), Text(use["tlsVersion"]), Text(use["software"]),
                ReadableTime.Of(use["hub"]?["lastUsed"]), Text(use["hub"]?["isConnected"]),
            }));
        }
    }

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}

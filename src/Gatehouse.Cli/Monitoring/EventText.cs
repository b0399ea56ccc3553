using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Monitoring;

/// <summary>An event as lines for people. All of it was written by a device: <see cref="SafeText"/> stands between it and the terminal.</summary>
internal static class EventText
{
    // Longer bodies are for --json.
    private const int LongestBody = 4_096;

    internal static void Write(Terminal terminal, JsonNode each, bool withProperties, bool withAnnotations)
    {
        var annotations = each["annotations"];
        var module = annotations?["iothub-connection-module-id"] is { } id ? $"/{id}" : "";
        terminal.Line($"{Time(each)}  {annotations?["iothub-connection-device-id"]}{module}  {Body(each)}");
        if (withProperties)
        {
            WriteAll(terminal, "system", each["properties"]);
            WriteAll(terminal, "property", each["applicationProperties"]);
        }

        if (withAnnotations)
        {
            terminal.Line($"    partition {each["partition"]}, offset {each["offset"]}");
            WriteAll(terminal, "annotation", annotations);
        }
    }

    private static void WriteAll(Terminal terminal, string kind, JsonNode? values)
    {
        foreach (var (name, value) in values?.AsObject() ?? [])
        {
            terminal.Line($"    {kind} {name}{(value is null ? "" : $" = {value}")}");
        }
    }

    private static string Body(JsonNode each)
    {
        var text = each["bodyBase64"] is { } bytes ? $"base64:{bytes}"
            : each["bodyText"] is { } words ? words.ToString()
            : each["body"]?.ToJsonString(SafeJson.Line) ?? "null";
        return text.Length == 0 ? "(empty)" : text.Length <= LongestBody ? text : $"{text[..LongestBody]}… ({text.Length} characters; --json shows all)";
    }

    private static string Time(JsonNode each) =>
        DateTimeOffset.TryParse((string?)each["enqueuedTime"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) : "--:--:--.---";
}

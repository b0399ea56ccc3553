using System.Globalization;

namespace Gatehouse.Cli.Connecting;

/// <summary>A host name as arguments have it: <c>hub.example.com</c>, <c>hub.example.com:8443</c>, <c>[::1]:8443</c>, <c>::1</c>.</summary>
/// <param name="Host">Without brackets.</param>
/// <param name="Port">Null when the text names none.</param>
internal readonly record struct HostAndPort(string Host, int? Port)
{
    /// <param name="text">What was given.</param>
    /// <param name="source">Where it came from, for errors.</param>
    /// <param name="name">What it is called there.</param>
    internal static HostAndPort Parse(string text, string source, string name)
    {
        var colon = text.LastIndexOf(':');
        var isBareIPv6 = colon > 0 && text.IndexOf(':', StringComparison.Ordinal) != colon && text[0] != '[';
        if (colon < 0 || isBareIPv6 || text.EndsWith(']'))
        {
            return new HostAndPort(Name(text, source, name), null);
        }

        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65_535
            ? new HostAndPort(Name(text[..colon], source, name), port)
            : throw CliException.Usage($"{source}: the port in {name} must be 1–65535.");
    }

    private static string Name(string text, string source, string name)
    {
        var host = text.Trim('[', ']');
        return Uri.CheckHostName(host) != UriHostNameType.Unknown ? host : throw CliException.Usage($"{source}: {name} is not a host name.");
    }
}

namespace Gatehouse.Hub.Hubs;

/// <summary>Host names as clients write them: any case, with a port, IPv6 in brackets, a final dot.</summary>
internal static class HostNames
{
    /// <summary>The name without port, brackets and final dot; case stays (look-ups ignore it).</summary>
    internal static ReadOnlySpan<char> Bare(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (text.Length > 0 && text[0] == '[')
        {
            var end = text.IndexOf(']');
            return end < 0 ? default : text[1..end];
        }

        var colon = text.IndexOf(':');
        if (colon >= 0 && text[(colon + 1)..].Contains(':'))
        {
            // A bare IPv6 address: its colons are no port.
            return text;
        }

        text = colon < 0 ? text : text[..colon];
        return text.Length > 1 && text[^1] == '.' ? text[..^1] : text;
    }
}

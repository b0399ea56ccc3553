using System.Buffers;

namespace Gatehouse.Identity.X509;

/// <summary>Whether a name lies in the subtree of a constraint, form by form. RFC 5280 §4.2.1.10.</summary>
/// <remarks>Null answers mean that the name is not well-formed, so nothing can be said of it: the caller refuses.</remarks>
internal static class NameForms
{
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Whether a constraint's base is one that can be applied.</summary>
    internal static bool IsValidBase(GeneralName name) => name.Form switch
    {
        NameForm.Dns => name.Text.Length == 0 || IsHost(name.Text),
        NameForm.Email => name.Text.Contains('@', StringComparison.Ordinal) ? Mailbox(name.Text) is not null : IsHostOrDomain(name.Text),
        NameForm.Uri => IsHostOrDomain(name.Text),
        NameForm.IpAddress => IsNetwork(name.Bytes.Span),
        _ => true,
    };

    /// <param name="name">Name in a certificate.</param>
    /// <param name="constraint">Base of a subtree of the same form.</param>
    /// <param name="isExcluded">A wildcard is permitted only if all that it stands for is, and excluded if anything is.</param>
    internal static bool? IsWithin(GeneralName name, GeneralName constraint, bool isExcluded) => name.Form switch
    {
        NameForm.Dns => IsDnsWithin(name.Text, constraint.Text, isExcluded),
        NameForm.Email => IsEmailWithin(name.Text, constraint.Text),
        NameForm.Uri => UriHost(name.Text) is { } host ? IsHostWithin(host, constraint.Text) : null,
        NameForm.IpAddress => IsAddressWithin(name.Bytes.Span, constraint.Bytes.Span),
        NameForm.Directory => name.Directory!.IsWithin(constraint.Directory!),
        _ => null,
    };

    private static bool? IsDnsWithin(string name, string constraint, bool isExcluded)
    {
        var isWildcard = name.StartsWith("*.", StringComparison.Ordinal);
        var domain = isWildcard ? name[2..] : name;
        if (!IsHost(domain))
        {
            return null;
        }

        if (constraint.Length == 0 || domain.Equals(constraint, StringComparison.OrdinalIgnoreCase) || IsBelow(domain, constraint))
        {
            return true;
        }

        // *.example.com may stand for bar.example.com (the flaw behind CVE-2025-61727).
        return isWildcard && isExcluded
            && constraint.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot
            && constraint[(dot + 1)..].Equals(domain, StringComparison.OrdinalIgnoreCase);
    }

    private static bool? IsEmailWithin(string name, string constraint)
    {
        if (Mailbox(name) is not { } mailbox)
        {
            return null;
        }

        return Mailbox(constraint) is { } exact
            ? mailbox.Local == exact.Local && mailbox.Host.Equals(exact.Host, StringComparison.OrdinalIgnoreCase)
            : IsHostWithin(mailbox.Host, constraint);
    }

    // A leading dot means everything below; without it the very host.
    private static bool IsHostWithin(string host, string constraint) => constraint.StartsWith('.')
        ? IsBelow(host, constraint[1..])
        : host.Equals(constraint, StringComparison.OrdinalIgnoreCase);

    private static bool IsBelow(string host, string domain) =>
        host.Length > domain.Length && host[^(domain.Length + 1)] == '.' && host.EndsWith(domain, StringComparison.OrdinalIgnoreCase);

    private static bool? IsAddressWithin(ReadOnlySpan<byte> address, ReadOnlySpan<byte> network)
    {
        if (address.Length is not (4 or 16))
        {
            return null;
        }

        if (network.Length != address.Length * 2)
        {
            return false;
        }

        for (var i = 0; i < address.Length; i++)
        {
            var mask = network[address.Length + i];
            if ((address[i] & mask) != (network[i] & mask))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsNetwork(ReadOnlySpan<byte> network)
    {
        if (network.Length is not (8 or 32))
        {
            return false;
        }

        // The mask must be a prefix.
        var ended = false;
        foreach (var octet in network[(network.Length / 2)..])
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                var isSet = ((octet >> bit) & 1) != 0;
                if (isSet && ended)
                {
                    return false;
                }

                ended |= !isSet;
            }
        }

        return true;
    }

    private static (string Local, string Host)? Mailbox(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && at == text.LastIndexOf('@') && IsHost(text[(at + 1)..]) && !text.AsSpan(0, at).ContainsAnyExceptInRange('!', '~')
            ? (text[..at], text[(at + 1)..])
            : null;
    }

    private static string? UriHost(string uri)
    {
        var start = uri.IndexOf("://", StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        var authority = uri[(start + 3)..];
        var end = authority.AsSpan().IndexOfAny('/', '?', '#');
        authority = end < 0 ? authority : authority[..end];
        authority = authority[(authority.LastIndexOf('@') + 1)..];
        var colon = authority.IndexOf(':', StringComparison.Ordinal);
        var host = colon < 0 ? authority : authority[..colon];

        // RFC 5280: a constraint speaks of host names; an address cannot be judged.
        return IsHost(host) && !System.Net.IPAddress.TryParse(host, out _) ? host : null;
    }

    private static bool IsHostOrDomain(string text) => IsHost(text.StartsWith('.') ? text[1..] : text);

    private static bool IsHost(string text)
    {
        const int maxHost = 253;
        const int maxLabel = 63;
        if (text.Length is 0 or > maxHost)
        {
            return false;
        }

        foreach (var range in text.AsSpan().Split('.'))
        {
            var label = text.AsSpan(range);
            if (label.Length is 0 or > maxLabel || label.ContainsAnyExcept(HostCharacters) || label[0] == '-' || label[^1] == '-')
            {
                return false;
            }
        }

        return true;
    }
}

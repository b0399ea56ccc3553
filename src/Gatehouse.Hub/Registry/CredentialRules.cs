using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Registry;

/// <summary>Checks the <c>authentication</c> object of a device or module.</summary>
/// <remarks>Source: IoT Hub "Understand the identity registry" page; what it leaves open follows what the service was observed to do.</remarks>
internal static class CredentialRules
{
    private const int LeastKeyBytes = 16;
    private const int MostKeyBytes = 64;

    internal static Result<CredentialInput> Read(AuthenticationInput? input, IdentityKey identity)
    {
        if (!TryReadKind(input, out var kind))
        {
            return HubErrors.ArgumentInvalid.With("The authentication type must be sas, selfSigned, certificateAuthority or none.");
        }

        return kind switch
        {
            CredentialKind.None when !identity.IsModule => HubErrors.DeviceAuthenticationTypeIsMissing,
            CredentialKind.None when IsSystemModule(identity) => CredentialInput.Empty(CredentialKind.None),
            CredentialKind.Sas or CredentialKind.None => ReadKeys(input),
            CredentialKind.SelfSigned => ReadThumbprints(input!),
            _ => CredentialInput.Empty(kind),
        };
    }

    internal static bool IsSystemModule(IdentityKey identity) => identity.Module is { } module && module.Value.StartsWith('$');

    private static bool TryReadKind(AuthenticationInput? input, out CredentialKind kind)
    {
        var hasThumbprint = !string.IsNullOrEmpty(input?.PrimaryThumbprint) || !string.IsNullOrEmpty(input?.SecondaryThumbprint);
        var word = input?.Type is { Length: > 0 } type ? type.ToLowerInvariant() : hasThumbprint ? "selfsigned" : "sas";
        (kind, var known) = word switch
        {
            "sas" => (CredentialKind.Sas, true),
            "selfsigned" => (CredentialKind.SelfSigned, true),
            "certificateauthority" => (CredentialKind.CertificateAuthority, true),
            "none" => (CredentialKind.None, true),
            _ => (CredentialKind.None, false),
        };
        return known;
    }

    private static Result<CredentialInput> ReadKeys(AuthenticationInput? input)
    {
        var (primary, secondary) = (input?.PrimaryKey, input?.SecondaryKey);
        if (string.IsNullOrEmpty(primary) && string.IsNullOrEmpty(secondary))
        {
            return CredentialInput.Generated;
        }

        if (string.IsNullOrEmpty(primary) || string.IsNullOrEmpty(secondary))
        {
            return HubErrors.ArgumentInvalid.With("Either no keys or both keys can be set.");
        }

        var first = ReadKey(primary);
        var second = ReadKey(secondary);
        return first.IsOk && second.IsOk
            ? new CredentialInput { Kind = CredentialKind.Sas, PrimaryKey = first.Value, SecondaryKey = second.Value }
            : first.Error ?? second.Error!;
    }

    private static Result<byte[]> ReadKey(string text)
    {
        var bytes = new byte[MostKeyBytes + 2];
        if (text.Length > 4 * MostKeyBytes || !Convert.TryFromBase64String(text, bytes, out var length))
        {
            return text.Length > 4 * MostKeyBytes || IsBase64(text) ? InvalidLength() : HubErrors.ArgumentInvalid.With("A device key must be base64.");
        }

        if (length is < LeastKeyBytes or > MostKeyBytes)
        {
            return InvalidLength();
        }

        // What is stored is read back as canonical base64: another spelling would change under the caller's hands.
        return Convert.ToBase64String(bytes.AsSpan(0, length)) == text ? bytes[..length] : HubErrors.ArgumentInvalid.With("A device key must be canonical base64.");
    }

    private static bool IsBase64(string text) => Convert.TryFromBase64String(text, new byte[text.Length], out _);

    private static HubError InvalidLength() => HubErrors.ArgumentInvalid.With($"Invalid device key length: {LeastKeyBytes} to {MostKeyBytes} bytes are allowed.");

    private static Result<CredentialInput> ReadThumbprints(AuthenticationInput input)
    {
        var (primary, secondary) = (NullIfEmpty(input.PrimaryThumbprint), NullIfEmpty(input.SecondaryThumbprint));
        return IsThumbprint(primary) && IsThumbprint(secondary)
            ? new CredentialInput { Kind = CredentialKind.SelfSigned, PrimaryThumbprint = primary, SecondaryThumbprint = secondary }
            : HubErrors.StringIsNotThumbprint;
    }

    // SHA-1 or SHA-256 in hex, no separators. None at all is accepted, as the service does: such a device cannot connect.
    private static bool IsThumbprint(string? text) => text is null || (text.Length is 40 or 64 && text.All(char.IsAsciiHexDigit));

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

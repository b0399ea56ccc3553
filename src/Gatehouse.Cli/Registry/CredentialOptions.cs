using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Registry;

/// <summary>The options that say how an identity proves itself, and the <c>authentication</c> object they make.</summary>
internal sealed class CredentialOptions
{
    private const string Sas = "sas";
    private const string Thumbprint = "x509_thumbprint";
    private const string Authority = "x509_ca";

    // The word of 'az iot hub' for the same.
    private const string SharedPrivateKey = "shared_private_key";

    private readonly Option<string?> method = new("--auth-method", "--am") { Description = $"{Sas} (default), {Thumbprint} or {Authority}.", HelpName = "method" };
    private readonly Option<string?> primary = new("--primary-thumbprint", "--ptp") { Description = "SHA-1 or SHA-256 of the device's certificate, hexadecimal; colons are dropped.", HelpName = "hex" };
    private readonly Option<string?> secondary = new("--secondary-thumbprint", "--stp") { Description = "Of a second certificate, to change over without a gap.", HelpName = "hex" };
    private readonly Option<string[]> certificates = new("--certificate") { Description = "PEM or DER file whose SHA-256 is the thumbprint; twice for primary and secondary.", HelpName = "file" };
    private readonly Option<string?> keys = new("--keys-from") { Description = "File with two lines, primary and secondary key in base64; - reads the input. Default: the hub makes both.", HelpName = "file" };

    internal CredentialOptions() => method.AcceptOnlyFromAmong(Sas, SharedPrivateKey, Thumbprint, Authority);

    internal IEnumerable<Symbol> Symbols => [method, primary, secondary, certificates, keys];

    /// <returns>Null when nothing was said about credentials.</returns>
    internal async Task<JsonObject?> ReadAsync(Call call)
    {
        var hasThumbprint = call.Value(primary) is not null || call.Value(secondary) is not null || call.Value(certificates) is { Length: > 0 };
        var chosen = call.Value(method) ?? (hasThumbprint ? Thumbprint : call.Value(keys) is not null ? Sas : null);
        if (hasThumbprint && chosen != Thumbprint)
        {
            throw CliException.Usage($"thumbprints and certificates go with --auth-method {Thumbprint}, not with {chosen}.");
        }

        if (call.Value(keys) is not null && chosen is not (Sas or SharedPrivateKey))
        {
            throw CliException.Usage($"--keys-from goes with --auth-method {Sas}, not with {chosen}.");
        }

        return chosen switch
        {
            Sas or SharedPrivateKey => await WithKeysAsync(call),
            Thumbprint => await WithThumbprintsAsync(call),
            Authority => new JsonObject { ["type"] = "certificateAuthority" },
            _ => null,
        };
    }

    private async Task<JsonObject> WithKeysAsync(Call call)
    {
        var authentication = new JsonObject { ["type"] = "sas" };
        if (call.Value(keys) is { } path)
        {
            var (first, second) = await KeyFile.ReadAsync(call, path);
            authentication["symmetricKey"] = new JsonObject { ["primaryKey"] = first, ["secondaryKey"] = second };
        }

        return authentication;
    }

    private async Task<JsonObject> WithThumbprintsAsync(Call call)
    {
        var files = call.Value(certificates) ?? [];
        if (files.Length > 2 || (files.Length > 0 && call.Value(primary) is not null) || (files.Length > 1 && call.Value(secondary) is not null))
        {
            throw CliException.Usage("give each thumbprint once: --certificate twice at most, and not beside the thumbprint that it stands for.");
        }

        var first = files.Length > 0 ? await OfFileAsync(files[0], call.Cancellation) : Plain(call.Value(primary));
        var second = files.Length > 1 ? await OfFileAsync(files[1], call.Cancellation) : Plain(call.Value(secondary));
        return first is null && second is null
            ? throw CliException.Usage($"--auth-method {Thumbprint} needs --certificate FILE or --primary-thumbprint HEX.")
            : new JsonObject { ["type"] = "selfSigned", ["x509Thumbprint"] = new JsonObject { ["primaryThumbprint"] = first, ["secondaryThumbprint"] = second } };
    }

    internal static async Task<X509Certificate2> ReadCertificateAsync(string path, CancellationToken cancellationToken)
    {
        var bytes = await InputFile.ReadBytesAsync(path, cancellationToken);
        try
        {
            return X509CertificateLoader.LoadCertificate(bytes);
        }
        catch (CryptographicException error)
        {
            throw CliException.Usage($"'{path}' is not a certificate in PEM or DER.", error);
        }
    }

    private static async Task<string> OfFileAsync(string path, CancellationToken cancellationToken)
    {
        using var certificate = await ReadCertificateAsync(path, cancellationToken);
        return Convert.ToHexString(SHA256.HashData(certificate.RawData));
    }

    // openssl prints AA:BB:CC, Windows AA BB CC; the service wants neither.
    private static string? Plain(string? thumbprint) => thumbprint?.Replace(":", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Enrollments;

/// <summary>The options that say by what devices attest. Words as in <c>az iot dps enrollment</c>; keys come from files.</summary>
internal sealed class AttestationOptions
{
    private readonly Option<string?> type = Words.OneOf(
        new Option<string?>("--attestation-type", "--at") { Description = "symmetricKey, x509 or tpm. Default: what the other options say, else symmetricKey.", HelpName = "type" },
        AttestationWords.SymmetricKey, AttestationWords.X509, AttestationWords.Tpm);

    private readonly Option<string?> keys = new("--keys-from") { Description = "File with two lines, primary and secondary key in base64; - reads the input. Default: the service makes both.", HelpName = "file" };
    private readonly Option<string?> certificate = new("--certificate-path", "--certificate", "--cp") { Description = "Primary certificate, PEM or DER: the device's own, or the CA's of a group.", HelpName = "file" };
    private readonly Option<string?> secondCertificate = new("--secondary-certificate-path", "--secondary-certificate", "--scp") { Description = "Secondary certificate, to change over without a gap.", HelpName = "file" };
    private readonly Option<string?> caName = new("--ca-name", "--cn") { Description = "Name of a verified CA certificate of the service, for a group.", HelpName = "name" };
    private readonly Option<string?> secondCaName = new("--secondary-ca-name", "--scn") { Description = "Of a second one.", HelpName = "name" };
    private readonly Option<bool> dropFirst = new("--remove-certificate", "--rc") { Description = "Take the primary certificate out; the secondary one must be there." };
    private readonly Option<bool> dropSecond = new("--remove-secondary-certificate", "--rsc") { Description = "Take the secondary certificate out." };
    private readonly Option<string?> endorsementKey = new("--endorsement-key", "--ek") { Description = "Endorsement key of the TPM (TPM2B_PUBLIC): base64, or @FILE with base64 or the bytes themselves.", HelpName = "key" };
    private readonly Option<string?> storageRootKey = new("--storage-root-key", "--srk") { Description = "Storage root key of the TPM, in the same forms. Default: learned when it registers.", HelpName = "key" };

    private readonly Option<string?> endorsementCertificate = new("--endorsement-certificate", "--ekc") { Description = "Certificate of the endorsement key, PEM or DER: for servers with tpm-manufacturer-roots, where the device does not bring it.", HelpName = "file" };

    internal IEnumerable<Symbol> ToCreate => [type, keys, certificate, secondCertificate, caName, secondCaName, endorsementKey, storageRootKey, endorsementCertificate];

    internal IEnumerable<Symbol> ToUpdate => [keys, certificate, secondCertificate, caName, secondCaName, dropFirst, dropSecond, endorsementKey, storageRootKey, endorsementCertificate];

    internal async Task<JsonObject> CreateAsync(Call call, bool isGroup)
    {
        var given = Given(call);
        var word = call.Value(type) ?? given?.Type ?? AttestationWords.SymmetricKey;
        if (given is { } option && option.Type != word)
        {
            throw CliException.Usage($"{option.Option.Name} goes with --attestation-type {option.Type}, not with {word}.");
        }

        var enrollment = new JsonObject { ["attestation"] = new JsonObject { ["type"] = word, [word] = new JsonObject() } };
        if (word == AttestationWords.X509 && given is null)
        {
            throw CliException.Usage($"--attestation-type {word} needs {certificate.Name} FILE{(isGroup ? $" or {caName.Name} NAME" : "")}.");
        }

        if (word == AttestationWords.Tpm && (isGroup || call.Value(endorsementKey) is null))
        {
            throw CliException.Usage(isGroup ? "an enrollment group cannot attest by TPM: each TPM has an enrollment of its own." : $"--attestation-type {word} needs {endorsementKey.Name}; 'gatehouse attest tpm show' on the device prints it.");
        }

        await FillAsync(call, enrollment, isGroup);
        return enrollment["attestation"]!.DeepClone().AsObject();
    }

    /// <returns>Whether anything was said about the attestation.</returns>
    internal bool IsGiven(Call call) => Given(call) is not null;

    /// <summary>Changes what is named of an enrollment as it was read; keys and certificates that are not named stay.</summary>
    internal async Task ChangeAsync(Call call, JsonObject enrollment, bool isGroup)
    {
        var present = AttestationWords.Of(enrollment);
        if (Given(call) is { } given && given.Type != present)
        {
            throw new CliException($"this enrollment attests by {present}, and {given.Option.Name} goes with {given.Type}. The kind of attestation cannot be changed: delete the enrollment and create it anew.");
        }

        await FillAsync(call, enrollment, isGroup);
    }

    /// <summary>The one kind of attestation that options are about; null when there are none.</summary>
    private (Option Option, string Type)? Given(Call call)
    {
        (Option, string)[] all =
        [
            (keys, AttestationWords.SymmetricKey),
            (certificate, AttestationWords.X509), (secondCertificate, AttestationWords.X509),
            (caName, AttestationWords.X509), (secondCaName, AttestationWords.X509), (dropFirst, AttestationWords.X509), (dropSecond, AttestationWords.X509),
            (endorsementKey, AttestationWords.Tpm), (storageRootKey, AttestationWords.Tpm), (endorsementCertificate, AttestationWords.Tpm),
        ];
        (Option Option, string Type)[] given = [.. all.Where(each => call.IsGiven(each.Item1))];
        var other = given.FirstOrDefault(each => each.Type != given[0].Type);
        return given.Length == 0 ? null
            : other.Option is null ? given[0]
            : throw CliException.Usage($"{given[0].Option.Name} goes with {given[0].Type} and {other.Option.Name} with {other.Type}: an enrollment has one kind of attestation.");
    }

    private async Task FillAsync(Call call, JsonObject enrollment, bool isGroup)
    {
        var attestation = enrollment["attestation"]!;
        if (call.Value(keys) is { } path)
        {
            var (first, second) = await KeyFile.ReadAsync(call, path);
            attestation[AttestationWords.SymmetricKey] = new JsonObject { ["primaryKey"] = first, ["secondaryKey"] = second };
        }

        if ((string?)attestation["type"] == AttestationWords.X509 && Given(call) is not null)
        {
            await FillCertificatesAsync(call, enrollment, isGroup);
        }

        if (call.IsGiven(endorsementKey))
        {
            // They are those of the TPM that was; the new one's storage root key is learned when it registers.
            attestation[AttestationWords.Tpm]!.AsObject().Remove("storageRootKey");
            attestation[AttestationWords.Tpm]!.AsObject().Remove("endorsementCertificate");
        }

        await PlaceAsync(call, attestation, "endorsementKey", endorsementKey);
        await PlaceAsync(call, attestation, "storageRootKey", storageRootKey);
        if (call.Value(endorsementCertificate) is { } file)
        {
            using var read = await CredentialOptions.ReadCertificateAsync(file, call.Cancellation);
            attestation[AttestationWords.Tpm]!["endorsementCertificate"] = Convert.ToBase64String(read.RawData);
        }
    }

    // Files and names exclude each other: who gives the other kind replaces both places.
    private async Task FillCertificatesAsync(Call call, JsonObject enrollment, bool isGroup)
    {
        var hasNames = call.IsGiven(caName) || call.IsGiven(secondCaName);
        var hasFiles = call.IsGiven(certificate) || call.IsGiven(secondCertificate);
        if (hasNames && (hasFiles || !isGroup))
        {
            throw CliException.Usage(hasFiles ? $"{caName.Name} names a certificate of the service and {certificate.Name} brings one: give one of them." : $"{caName.Name} is for groups: a device is enrolled by its own certificate.");
        }

        var block = hasNames ? AttestationWords.CaReferences : hasFiles ? AttestationWords.Block(isGroup) : AttestationWords.BlockOf(enrollment, isGroup);
        var pair = enrollment["attestation"]![AttestationWords.X509]![block]?.DeepClone().AsObject() ?? [];
        await PlaceAsync(call, pair, "primary", certificate, caName, dropFirst);
        await PlaceAsync(call, pair, "secondary", secondCertificate, secondCaName, dropSecond);
        enrollment["attestation"]![AttestationWords.X509] = new JsonObject { [block] = pair };
    }

    private static async Task PlaceAsync(Call call, JsonObject pair, string place, Option<string?> file, Option<string?> name, Option<bool> drop)
    {
        if (call.Value(drop) && (call.Value(file) ?? call.Value(name)) is not null)
        {
            throw CliException.Usage($"{drop.Name} takes out what {(call.Value(file) is null ? name : file).Name} puts in: give one of them.");
        }

        if (call.Value(drop))
        {
            pair.Remove(place);
        }
        else if (call.Value(file) is { } path)
        {
            pair[place] = await CertificateAsync(path, call.Cancellation);
        }
        else if (call.Value(name) is { } reference)
        {
            pair[place] = reference;
        }
    }

    private static async Task PlaceAsync(Call call, JsonNode attestation, string place, Option<string?> option)
    {
        if (call.Value(option) is { } text)
        {
            attestation[AttestationWords.Tpm]![place] = await TpmKeyAsync(option.Name, text, call.Cancellation);
        }
    }

    internal static async Task<JsonObject> CertificateAsync(string path, CancellationToken cancellationToken)
    {
        using var certificate = await CredentialOptions.ReadCertificateAsync(path, cancellationToken);
        return new JsonObject { ["certificate"] = Convert.ToBase64String(certificate.RawData) };
    }

    // Tools write the bytes, SDKs print base64.
    private static async Task<string> TpmKeyAsync(string option, string text, CancellationToken cancellationToken)
    {
        var bytes = text.StartsWith('@') ? await InputFile.ReadBytesAsync(text[1..], cancellationToken) : System.Text.Encoding.UTF8.GetBytes(text);
        var base64 = System.Text.Encoding.UTF8.GetString(bytes).Trim();
        return base64.Length > 0 && Convert.TryFromBase64String(base64, new byte[base64.Length], out _) ? base64
            : text.StartsWith('@') && bytes.Length > 0 ? Convert.ToBase64String(bytes)
            : throw CliException.Usage($"{option}: base64 is expected, or @FILE with base64 or the bytes of a TPM2B_PUBLIC.");
    }
}

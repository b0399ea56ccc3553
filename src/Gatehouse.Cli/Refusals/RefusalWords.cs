using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Contracts.Audit;

namespace Gatehouse.Cli.Refusals;

/// <summary>What happened and what to do next, for each reason. A table: a test fails when a reason has no row.</summary>
/// <remarks>The server's own detail (numbers, thumbprints, names) is printed between the two; see Gatehouse.Identity and Gateway/Mqtt for where each is made.</remarks>
internal static partial class RefusalWords
{
    /// <param name="What">One sentence.</param>
    /// <param name="Next">What to do, in the same terms; <c>{id}</c> stands for the identity, <c>{kind}</c> for device or module.</param>
    internal sealed record Words(string What, string Next);

    internal static Words? Of(RefusalReason reason) => reason switch
    {
        RefusalReason.UnknownHub => new("The client called a hub by a host name that no hub here has.", "Correct HostName in its connection string, or start the server with --host-name."),
        RefusalReason.UnknownIdentity => new("There was no such {kind} in the registry.", "Register it with 'gatehouse {kind} create {id}', or correct the id in its connection string (case counts)."),
        RefusalReason.IdentityDisabled => new("The {kind} is disabled, so it may not connect.", "If it should: 'gatehouse device update {device} --status enabled'."),
        RefusalReason.CredentialMissing => new("It brought no proof of the kind that it is registered for.", "Compare 'gatehouse {kind} show {id}' (authentication) with what the client is set up to send."),
        RefusalReason.TokenMalformed => new("Its SAS token cannot be read.", "Make tokens with an SDK, or as 'SharedAccessSignature sr=…&sig=…&se=…'; see the fault above."),
        RefusalReason.TokenExpired => new("Its SAS token had ended.", "Check the clock on the client (date -u), then that it renews its token before the end."),
        RefusalReason.TokenSignatureWrong => new("Its SAS token is signed with another key.", "Give the client the string that 'gatehouse {kind} connection-string {id}' prints."),
        RefusalReason.TokenScopeWrong => new("Its SAS token is made for something else.", "Sign tokens for this hub's host name and this {kind}'s path; 'gatehouse {kind} connection-string {id}' names both."),
        RefusalReason.PolicyUnknown => new("Its token names a shared access policy that is not there.", "'gatehouse policy list' shows the policies; correct SharedAccessKeyName, or use the {kind}'s own key."),
        RefusalReason.PolicyLacksRight => new("The shared access policy that signed its token may not do this.", "Use a policy that holds the right, or add it: 'gatehouse policy update NAME --rights …'; devices need DeviceConnect."),
        RefusalReason.CredentialKindMismatch => new("It brought another kind of proof than it is registered for.", "Change the client, or the registration: 'gatehouse {kind} update {id} --auth-method sas|x509_thumbprint|x509_ca'."),
        RefusalReason.ThumbprintMismatch => new("Its certificate is not the one that is registered.", "If the new one is right: 'gatehouse {kind} update {id} --primary-thumbprint {presented}'; else give the client the registered one."),
        RefusalReason.CertificateNotTrusted => new("Its certificate does not lead to a verified CA of this hub.", "Add and verify the CA ('gatehouse certificate add', 'certificate verify'), and let the client send its intermediates along."),
        RefusalReason.CertificateExpired => new("Its certificate, or one on the way to the CA, has expired.", "Renew the certificate named above; if the dates look right, check this server's clock."),
        RefusalReason.CertificateNotYetValid => new("Its certificate, or one on the way to the CA, is not valid yet.", "Check the clocks of this server and of the CA that made it; otherwise wait until it begins."),
        RefusalReason.CertificateInvalid => new("Its certificate, or one on the way to the CA, breaks a rule that the hub insists on.", "Issue it anew without the fault named above; docs/x509.md lists the rules."),
        RefusalReason.CertificateNameMismatch => new("Its certificate is good but names somebody else.", "Issue one whose only common name (CN) is '{id}', or connect with the id that it names."),
        RefusalReason.ProtocolViolation => new("It sent something that MQTT or this hub does not allow, and was closed.", "See the fault above: usually a client that is no Azure IoT SDK, a wrong user name or topic, or MQTT 5 (3.1.1 is spoken here)."),
        RefusalReason.Throttled => new("Requests came faster than they are allowed or can be recorded.", "Look for a client in a tight loop, and let clients wait longer between attempts; --throttle-tier and --throttle-limit set the rates."),
        RefusalReason.BackedOff => new("It was refused so often that its further attempts were put off unread.", "Mend what the refusals before this one say; it is let in again within two minutes of the attempts' end."),
        RefusalReason.EndorsementKeyMismatch => new("Its TPM is not the one that is enrolled.", "If it got a new TPM or board: write the endorsement key into the enrollment ('gatehouse enrollment update {id} --endorsement-key KEY'); else find out who uses the registration id."),
        RefusalReason.StorageRootKeyInvalid => new("The storage root key of its TPM cannot be used.", "See the fault above: a primary key of the owner hierarchy, bound to its TPM, RSA or elliptic, with AES."),
        RefusalReason.CertificateRequestRefused => new("The certificate that it asked for (CSR) was not issued.", "See the fault above: the CSR names the registration id and nothing else, is signed with its own key, of a kind that the credential policy permits ('gatehouse enrollment policy show')."),
        RefusalReason.QuoteMissing => new("Its boot is measured, and it sent no quote of its TPM.", "Let it register over HTTPS with a client that quotes its TPM, as 'gatehouse attest tpm register' does; docs/operations/provisioning.md, 'Measured boot'."),
        RefusalReason.QuoteInvalid => new("The quote of its TPM proves nothing.", "See the fault above: mend the client; if it is right, somebody has answered with an old quote or with a key outside of the TPM."),
        RefusalReason.BootStateChanged => new("It has booted something else than its enrollment wants, and is in quarantine.", "Find out what changed the registers above. If the change is yours: 'gatehouse enrollment update {id} --measured-boot PCRS [--pcr-values FILE]', and let it register again."),
        RefusalReason.EndorsementCertificateMissing => new(
            "This server wants to know the maker of its TPM, and there is no certificate of its endorsement key.",
            "Let the device send it, as 'gatehouse attest tpm register' does where the TPM has one, or write it into the enrollment ('gatehouse enrollment update {id} --endorsement-certificate FILE')."),
        RefusalReason.EndorsementCertificateInvalid => new(
            "The certificate of its TPM's endorsement key is not good.",
            "See the fault above. Of a maker that you trust: put its root and the intermediate that signed the certificate into tpm-manufacturer-roots, and start the server again."),
        RefusalReason.CertificateRevoked => new("Its certificate, or one on the way to the CA, is revoked in this hub.", "If it should be let in again: give the device another certificate, or take the entry named above back with 'gatehouse revoke undo'; what a CA's own list (CRL) names, its CA takes back."),
        RefusalReason.RevocationListStale => new("The CA of its certificate has no list of today (CRL) of what it has revoked, and its rule here is to refuse then.", "Import the CA's newest list with 'gatehouse crl import FILE'; 'gatehouse crl policy CA --stale accept' lets its devices in meanwhile."),
        RefusalReason.TpmRevoked => new("Its TPM is revoked in a hub that it could be assigned to.", "If it should register again: take the entry named above back with 'gatehouse revoke undo'."),
        RefusalReason.KeysOutOfReach => new("Its token could not be judged: the HSM that keeps the keys did not answer.", "Bring the HSM back ('gatehouse key list' says what is wrong); clients come again by themselves."),
        RefusalReason.TokenLifetimeTooLong => new("Its SAS token lives for longer than this hub takes.", "Let the client make shorter tokens and renew them (docs/operations/strict-modes.md says how in each SDK), or allow longer ones: 'gatehouse strict set --max-token-lifetime'."),
        RefusalReason.TokenNotAccepted => new("It brought a SAS token, and this hub lets devices in by certificates only.", "Give it a certificate and register that: 'gatehouse {kind} update {id} --auth-method x509_thumbprint|x509_ca'; or 'gatehouse strict set --devices any'."),
        RefusalReason.NetworkNotAllowed => new("It came from an address in none of the networks that it is bound to.", "If it may come from there: 'gatehouse strict network set {device} RANGE…' with all its networks, or 'gatehouse strict network remove {device}'. If not: somebody else holds its key or certificate; give it another."),
        RefusalReason.TokenTooWide => new("Its token is one of a policy, and this hub lets devices in by tokens of their own keys only.", "Give the client the connection string of '{id}' ('gatehouse {kind} keys {id}') in place of a policy's; or 'gatehouse strict set --device-tokens any'."),
        _ => null,
    };

    // Their own words say more of a registration than that it was refused.
    private static bool IsOfRegistration(RefusalReason reason) => reason is RefusalReason.CertificateRequestRefused or RefusalReason.CertificateRevoked or RefusalReason.RevocationListStale or RefusalReason.TpmRevoked
        or RefusalReason.EndorsementKeyMismatch or RefusalReason.StorageRootKeyInvalid or RefusalReason.EndorsementCertificateMissing or RefusalReason.EndorsementCertificateInvalid
        or RefusalReason.QuoteMissing or RefusalReason.QuoteInvalid or RefusalReason.BootStateChanged;

    /// <summary>The row for a refusal of the API, filled in. A newer server's reason that is unknown here still makes sense.</summary>
    internal static Words For(JsonNode refusal, string identity)
    {
        var words = Enum.TryParse<RefusalReason>((string?)refusal["reason"], out var reason) && Of(reason) is { } known
            ? known
            : new Words($"It was refused for the reason {refusal["reason"]}.", "See the detail above; this command line is older than the server.");
        if ((string?)refusal["service"] is { } service && !IsOfRegistration(reason))
        {
            // Devices that register have an enrollment, and need not be in the registry.
            return new Words($"Its registration at the provisioning service '{service}' was refused.", $"Compare 'gatehouse enrollment show {identity}', or its group's with --group, with what the client is set up to send; 'gatehouse enrollment update' changes either.");
        }

        var slash = identity.IndexOf('/', StringComparison.Ordinal);
        string Fill(string text) => text
            .Replace("{kind}", slash < 0 ? "device" : "module", StringComparison.Ordinal)
            .Replace("{device}", slash < 0 ? identity : identity[..slash], StringComparison.Ordinal)
            .Replace("{presented}", Presented((string?)refusal["detail"]) ?? "HEX", StringComparison.Ordinal)
            .Replace("'{id}'", $"'{identity}'", StringComparison.Ordinal)
            .Replace("{id}", identity.Replace('/', ' '), StringComparison.Ordinal);
        return new Words(Fill(words.What), Fill(words.Next));
    }

    /// <summary>How near the presented certificate is to a registered thumbprint: a few wrong digits are a typing mistake.</summary>
    internal static string? NearMiss(JsonNode refusal, JsonNode? registered)
    {
        const int MostWrongDigits = 4;
        if ((string?)refusal["reason"] != nameof(RefusalReason.ThumbprintMismatch) || (string?)refusal["detail"] is not { } detail || registered?["authentication"]?["x509Thumbprint"] is not JsonObject pinned)
        {
            return null;
        }

        foreach (var (name, value) in pinned)
        {
            foreach (var presented in Thumbprints().Matches(detail).Select(match => match.Value).Take(2))
            {
                var wrong = WrongDigits(presented, value?.ToString());
                if (wrong is > 0 and <= MostWrongDigits)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"It differs from the registered {name} in {wrong} of {presented.Length} digits: probably a typing mistake.");
                }

                if (wrong == 0)
                {
                    return $"It is the registered {name} by now.";
                }
            }
        }

        return null;
    }

    private static int? WrongDigits(string presented, string? pinned) => pinned?.Length == presented.Length
        ? presented.Zip(pinned).Count(pair => char.ToUpperInvariant(pair.First) != char.ToUpperInvariant(pair.Second))
        : null;

    private static string? Presented(string? detail) => detail is not null && Sha256().Match(detail) is { Success: true } match ? match.Value : null;

    [GeneratedRegex(@"\b(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40})\b")]
    private static partial Regex Thumbprints();

    [GeneratedRegex(@"\b[0-9A-Fa-f]{64}\b")]
    private static partial Regex Sha256();
}

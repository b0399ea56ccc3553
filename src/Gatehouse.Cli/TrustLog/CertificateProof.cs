using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Registry;
using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Cli.TrustLog;

/// <summary><c>gatehouse log prove</c>: that a certificate is in the log, shown by hashes up to the signed root; or the alarm that it is not.</summary>
internal sealed class CertificateProof(LogSource source, Call call, string file, string? state)
{
    internal async Task<int> RunAsync()
    {
        using var certificate = await CredentialOptions.ReadCertificateAsync(file, call.Cancellation);
        var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        var memory = state is null ? null : await LogStateFile.ReadAsync(state, call.Cancellation);
        var view = await LogView.ReadAsync(source, memory);
        var tree = new TiledTree(view.Checkpoint.Size, source.TileAsync);
        await new LogWalk(source, view).ReadProofsAsync(tree);
        if (state is not null)
        {
            await LogStateFile.WriteAsync(state, view.Remembered, call.Cancellation);
        }

        var proofs = new JsonArray();
        var (places, isWaiting) = await source.PlacesAsync(fingerprint);
        foreach (var place in places.Where(place => place < view.Checkpoint.Size).Order())
        {
            proofs.Add((JsonNode)await ProveAsync(view, tree, place, fingerprint));
        }

        if (proofs.Count == 0)
        {
            throw new CliException(isWaiting || places.Count > 0
                ? $"recorded, and not signed yet: '{certificate.Subject}'. 'gatehouse log checkpoint' says why when it stays so."
                : await AbsenceAsync(view, certificate));
        }

        var answer = new JsonObject { ["fingerprint"] = fingerprint, ["verifierKey"] = view.Key.ToString(), ["checkpoint"] = view.Note.ToString(), ["entries"] = proofs };
        return call.Answer(answer, terminal =>
        {
            foreach (var each in proofs)
            {
                var entry = each!["entry"]!;
                terminal.Line($"in the log: entry {each["index"]} of {view.Checkpoint.Size}, {entry["time"]}, {entry["action"]} of {entry["subject"]} by {entry["actor"]}; proven by {each["proof"]!.AsArray().Count} hashes up to the root signed by {view.Key.Id}.");
            }
        });
    }

    private async Task<JsonObject> ProveAsync(LogView view, TiledTree tree, long place, string fingerprint)
    {
        var entry = (await source.EntriesAsync(place / TilePath.Full, view.Checkpoint.Size))[(int)(place % TilePath.Full)];
        var proof = await tree.InclusionAsync(place);
        if (!MerkleProof.IsIncluded(MerkleHash.OfEntry(entry.Span), place, view.Checkpoint.Size, proof, view.Checkpoint.Root.Span))
        {
            throw new LogAlarm($"entry {place} is not the one that was signed: it was altered.");
        }

        if (LogWalk.Read(entry) is not { } json || !string.Equals(json["fingerprint"]?.ToString(), fingerprint, StringComparison.OrdinalIgnoreCase))
        {
            throw new LogAlarm($"the server says that entry {place} is about this certificate, and it is not.");
        }

        return new JsonObject { ["index"] = place, ["entry"] = json, ["proof"] = new JsonArray([.. proof.Select(static hash => JsonValue.Create(Convert.ToBase64String(hash)))]) };
    }

    // What was issued before there was a log is not in it; and whoever forges a certificate chooses its dates.
    private async Task<string> AbsenceAsync(LogView view, X509Certificate2 certificate)
    {
        var first = view.Checkpoint.Size == 0 ? null : LogWalk.Read((await source.EntriesAsync(0, view.Checkpoint.Size))[0]);
        var isOlder = DateTime.TryParse(first?["time"]?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var began) && certificate.NotBefore.ToUniversalTime() < began.AddMinutes(-10);
        return isOlder
            ? $"NOT IN THE LOG: '{certificate.Subject}', issued by '{certificate.Issuer}', says that it begins at {certificate.NotBefore.ToUniversalTime():u}, before the log does ({began:u}). Whoever forges a certificate chooses its dates: if no inventory of yours has it, revoke it."
            : $"NOT IN THE LOG: '{certificate.Subject}', issued by '{certificate.Issuer}'. If that is one of this server's CAs, somebody else signed by its key: revoke the certificate, and the CA too unless you know how it came about.";
    }
}

using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation;

/// <summary>From one CA certificate of a hub to another that is there already: the old one goes when the devices come by the new one.</summary>
internal sealed class CaRotation(CredentialUsage usage, CaCertificates authorities, Radar radar, TimeProvider time) : IRotationKind
{
    private const string RadarPrefix = "ca/";

    public string Name => Rotations.Ca;

    public bool RenewsFirst => false;

    public async Task<Result<RotationRow>> DrawAsync(RotationRow plan, RotationInput input, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(input.Subject) || string.IsNullOrEmpty(input.Successor))
        {
            return HubErrors.ArgumentInvalid.With("subject must name the CA certificate that goes, successor the one that devices move to.");
        }

        if (input.FirstKey is not null)
        {
            return HubErrors.ArgumentInvalid.With("firstKey is for keys; a CA has none.");
        }

        var hub = HubName.Parse(plan.Hub);
        var old = await authorities.FindAsync(hub, input.Subject, cancellationToken);
        var successor = await authorities.FindAsync(hub, input.Successor, cancellationToken);
        if (!old.IsOk || !successor.IsOk)
        {
            return old.Error ?? successor.Error!;
        }

        if (Check(old.Value, successor.Value) is { } refused)
        {
            return refused;
        }

        var named = plan with { Subject = old.Value.Name, FirstKey = successor.Value.Name };
        return named with { OldWasUsed = await LastUsedAsync(hub, named, named.Subject, cancellationToken) > 0 ? 1 : 0 };
    }

    public string LastKey(RotationRow plan) => plan.Subject;

    public RotationWords WordsFor(RotationRow plan) => new()
    {
        Subject = $"CA '{plan.Subject}' or its successor '{plan.FirstKey}'",
        First = $"CA '{plan.FirstKey}'",
        Last = $"CA '{plan.Subject}'",
        What = "CA",
        HandOut = "Give the devices certificates that lead to it",
        Finders = (Finder(plan.FirstKey), Finder(plan.Subject)),
        Outcome = $"The CA '{plan.Subject}' is gone from the hub",
        FirstSteps = [],
        LastStep = $"take the CA '{plan.Subject}' out of the hub",
    };

    public async Task<long> LastUsedAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken) =>
        await SelectorAsync(hub, key, cancellationToken) is { } selector ? (await usage.CountAsync(hub, selector, DateTimeOffset.MinValue, cancellationToken)).LastUsed?.UtcTicks ?? 0 : 0;

    public async Task<long> CountLiveAsync(HubName hub, RotationRow plan, string key, CancellationToken cancellationToken) =>
        await SelectorAsync(hub, key, cancellationToken) is { } selector ? (await usage.CountLiveAsync(hub, selector, cancellationToken)).All : 0;

    public Task<string?> FindRivalAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => RotationRows.FindOpenInChainAsync(write, plan, cancellationToken);

    public async Task<string?> MarkAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken)
    {
        var hub = HubName.Parse(plan.Hub);
        var old = await CaCertificateRows.FindAsync(write.Connection, write.Transaction, hub, plan.Subject, cancellationToken);
        var successor = await CaCertificateRows.FindAsync(write.Connection, write.Transaction, hub, plan.FirstKey, cancellationToken);
        return old is null || successor is null ? null : $"{old.ETag} {successor.ETag}";
    }

    // A CA that nobody has come by yet may be one that nobody can come by.
    public Task<bool> IsLastWayInAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) => Task.FromResult(true);

    public async Task<string?> FindHoldAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken)
    {
        var hub = HubName.Parse(plan.Hub);
        var old = await CaCertificateRows.FindAsync(write.Connection, write.Transaction, hub, plan.Subject, cancellationToken);
        var standing = await UseRows.CountStandingAsync(write, hub, CredentialName.OfAuthority(CaCertificate.From(old!).ThumbprintSha256), cancellationToken);
        return standing == 0 ? null : $"Nobody uses the CA '{plan.Subject}' now, but the last that {standing} devices or modules used was it: they would be refused when they come again. Who they are: {Finder(plan.Subject)}";
    }

    public async Task<RotationLaggards?> FindLaggardsAsync(RotationRow plan, int max, CancellationToken cancellationToken)
    {
        var seen = await radar.LookAsync(HubName.Parse(plan.Hub), RadarPrefix + plan.Subject, RadarOutcome.Fails, null, max, cancellationToken);
        return !seen.IsOk ? null : new RotationLaggards(seen.Value.Counts!.Fails, [.. seen.Value.Entries.Select(static each => new RotationLaggard(each.Identity?.ToString() ?? "", each.Reason))]);
    }

    public Task<string> RenewFirstAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("The successor of a CA is there before its plan.");

    public async Task<string> RetireLastAsync(WriteTransaction write, RotationRow plan, CancellationToken cancellationToken)
    {
        var old = await CaCertificateRows.FindAsync(write.Connection, write.Transaction, HubName.Parse(plan.Hub), plan.Subject, cancellationToken);
        await CaCertificates.DeleteAsync(write, old!, plan.StepActor, cancellationToken);
        return "";
    }

    private HubError? Check(CaCertificate old, CaCertificate successor)
    {
        if (old.ThumbprintSha256 == successor.ThumbprintSha256)
        {
            return HubErrors.ArgumentInvalid.With($"'{old.Name}' and '{successor.Name}' are the same certificate.");
        }

        foreach (var each in new[] { old, successor })
        {
            if (!each.IsVerified)
            {
                return HubErrors.InvalidOperation.With($"The CA certificate '{each.Name}' is not verified: no device comes by it. Prove that you hold its key first (gatehouse certificate verify), or delete it.");
            }
        }

        using var before = X509CertificateLoader.LoadCertificate(old.Certificate.Span);
        using var after = X509CertificateLoader.LoadCertificate(successor.Certificate.Span);
        var now = time.GetUtcNow().UtcDateTime;
        if (now < after.NotBefore.ToUniversalTime() || now > after.NotAfter.ToUniversalTime())
        {
            return HubErrors.InvalidOperation.With($"The CA certificate '{successor.Name}' is not valid now: no device can come by it.");
        }

        // Devices whose chains have CAs below the old one could have none below the new one.
        return PathLength(after) < PathLength(before)
            ? HubErrors.InvalidOperation.With($"The CA certificate '{successor.Name}' allows fewer CAs below itself (pathLenConstraint) than '{old.Name}': what devices come by now could not be had from it.")
            : null;
    }

    private static string Finder(string name) => $"gatehouse radar --without {RadarPrefix}{name}";

    private static int PathLength(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { HasPathLengthConstraint: true } limits ? limits.PathLengthConstraint : int.MaxValue;

    private async Task<CredentialSelector?> SelectorAsync(HubName hub, string name, CancellationToken cancellationToken) =>
        await authorities.FindAsync(hub, name, cancellationToken) is { IsOk: true, Value: { } found } ? CredentialSelector.Parse(CredentialName.OfAuthority(found.ThumbprintSha256)).Value : null;
}

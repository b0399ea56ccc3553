using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Provisioning.UseTracking;

/// <summary>Gathers in memory who came by which credential, the last use of each registration and credential; <see cref="ProvisioningUseWriter"/> writes them behind (decisions/0038). Safe from any thread.</summary>
internal sealed class ProvisioningUses(ProvisioningOptions options, TimeProvider time, CertificateSightings? sightings = null)
{
    private readonly Lock gate = new();
    private Dictionary<UseKey, ProvisioningUse> waiting = [];
    private long lost;

    /// <summary>Uses that wait.</summary>
    internal int Count
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>A device has proved itself.</summary>
    internal void Used(DeviceProof proof, AttestationVerdict.Accepted accepted, ClientTraits client)
    {
        Show(proof, accepted);
        if (EnrollmentSlot.ProvedBy(accepted) is { } slot)
        {
            var enrollment = accepted.Enrollment;
            Add(new ProvisioningUse
            {
                Service = proof.Instance.Name.Value,
                Kind = enrollment.Kind,
                Owner = enrollment.Id,
                Registration = proof.RegistrationId.ToLowerInvariant(),
                Credential = slot.Credential,
                Generation = enrollment.GenerationId,
                Mark = slot.Mark,
            }.By(client, time.GetUtcNow().UtcTicks));
        }
    }

    // Each has one registration id; which CA it led to is known where its enrollment, or the group, holds the CA.
    private void Show(DeviceProof proof, AttestationVerdict.Accepted accepted)
    {
        if (accepted.Thumbprint is { } thumbprint && proof.Certificate is { } certificate)
        {
            var authority = accepted.Evidence.X509?.SigningCertificateInfo?.Sha256Thumbprint ?? "";
            sightings?.Seen(proof.Instance.Name, proof.RegistrationId.ToLowerInvariant(), "", thumbprint, authority, certificate, path: null);
        }
    }

    /// <summary>A back end has proved that it holds a policy's key.</summary>
    internal void Used(Principal principal, ClientTraits client)
    {
        if (principal is { PolicyName: { } policy, CredentialName: { } name })
        {
            Add(new ProvisioningUse
            {
                Service = principal.Hub.Value,
                Kind = (long)OwnerKind.Policy,
                Owner = policy,
                Credential = name[(name.LastIndexOf('/') + 1)..],
                Mark = principal.CredentialMark,
            }.By(client, time.GetUtcNow().UtcTicks));
        }
    }

    /// <summary>What waits, and how many uses found no room since the last time; nothing waits afterwards.</summary>
    internal (IReadOnlyCollection<ProvisioningUse> Uses, long Lost) Take()
    {
        lock (gate)
        {
            var taken = (waiting.Values, lost);
            (waiting, lost) = ([], 0);
            return taken;
        }
    }

    /// <summary>They could not be written: behind what has come since.</summary>
    internal void PutBack(IEnumerable<ProvisioningUse> uses)
    {
        lock (gate)
        {
            foreach (var use in uses)
            {
                Keep(use.Key, waiting.TryGetValue(use.Key, out var since) ? use.Then(since) : use);
            }
        }
    }

    private void Add(ProvisioningUse use)
    {
        lock (gate)
        {
            Keep(use.Key, waiting.TryGetValue(use.Key, out var before) ? before.Then(use) : use);
        }
    }

    private void Keep(UseKey key, ProvisioningUse use)
    {
        if (waiting.Count < options.MaxWaitingUses || waiting.ContainsKey(key))
        {
            waiting[key] = use;
        }
        else
        {
            lost++;
        }
    }
}

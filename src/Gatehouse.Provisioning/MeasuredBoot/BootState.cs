namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>What is kept of a device's quotes beside its registration, as JSON.</summary>
internal sealed record BootState
{
    /// <summary>When the last good quote came, ticks; 0 for never.</summary>
    public long Attested { get; init; }

    /// <summary>Name of the attestation key that signed it, hexadecimal.</summary>
    public string? AttestationKey { get; init; }

    /// <summary>As that quote says; see TpmQuote.</summary>
    public long ResetCount { get; init; }

    public long RestartCount { get; init; }

    /// <summary>Why it is in quarantine; null when it is not.</summary>
    public string? Reason { get; init; }

    /// <summary>Registers that differ; null when it is not in quarantine, or for another reason.</summary>
    public IReadOnlyList<ChangedRegister>? Changed { get; init; }
}

/// <summary>What a hub has not been told yet. The numbers are stored.</summary>
[Flags]
internal enum BootWork
{
    None = 0,

    /// <summary>To disable the device, and to take its keys.</summary>
    Quarantine = 1,

    /// <summary>To write into its twin when it must attest again, or that it need not.</summary>
    Twin = 2,
}

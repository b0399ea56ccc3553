using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>The <c>measuredBoot</c> of a registration. Not of the service.</summary>
internal sealed record BootStateDocument
{
    /// <summary><c>attested</c>, <c>quarantined</c>, or <c>pending</c> before the first good quote.</summary>
    public string? Status { get; init; }

    /// <summary>When the last good quote came.</summary>
    public string? AttestedDateTimeUtc { get; init; }

    /// <summary>When the next one must have come; null: when somebody asks.</summary>
    public string? AttestBy { get; init; }

    public string? QuarantinedDateTimeUtc { get; init; }

    /// <summary>Why it is in quarantine.</summary>
    public string? Reason { get; init; }

    /// <summary>Name of the key that signed the last good quote, hexadecimal.</summary>
    public string? AttestationKeyName { get; init; }

    public long? ResetCount { get; init; }

    public long? RestartCount { get; init; }

    /// <summary>For back ends; null for a device whose boot was never measured.</summary>
    internal static BootStateDocument? Of(RegistrationRow row)
    {
        if (row.BootRound.Length == 0)
        {
            return null;
        }

        var state = row.ReadBoot();
        return new BootStateDocument
        {
            Status = row.BootQuarantined != 0 ? "quarantined" : state.Attested != 0 ? "attested" : "pending",
            AttestedDateTimeUtc = TimeOf(state.Attested),
            AttestBy = TimeOf(row.BootDue),
            QuarantinedDateTimeUtc = TimeOf(row.BootQuarantined),
            Reason = row.BootQuarantined == 0 ? null : state.Reason,
            AttestationKeyName = state.AttestationKey,
            ResetCount = state.Attested == 0 ? null : state.ResetCount,
            RestartCount = state.Attested == 0 ? null : state.RestartCount,
        };
    }

    /// <summary>For the device itself: only when it must attest again.</summary>
    internal static BootStateDocument? ForDevice(RegistrationRow row) => row.BootDue == 0 ? null : new BootStateDocument { AttestBy = TimeOf(row.BootDue) };

    private static string? TimeOf(long ticks) => ticks == 0 ? null : WireTime.Of(ticks);
}

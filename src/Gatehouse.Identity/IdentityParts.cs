using Gatehouse.Contracts.Credentials;
using Gatehouse.Keys;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Identity;

/// <summary>What both authenticators are made of.</summary>
internal sealed record IdentityParts(ICredentialSource Credentials, SecretVault Vault, TimeProvider Time)
{
    internal IdentityOptions Options { get; init; } = new();

    /// <summary>Null: nobody is put off.</summary>
    internal RefusalBackoff? Backoff { get; init; }

    internal IRevocations Revocations { get; init; } = NoRevocations.Instance;

    /// <summary>Null: it never changes.</summary>
    internal IStrictnessChanges? StrictnessChanges { get; init; }

    /// <summary>Null: nobody tracks.</summary>
    internal ICredentialUses? Uses { get; init; }

    internal IdentityMetrics? Metrics { get; init; }

    internal ILogger Log { get; init; } = NullLogger.Instance;
}

using Gatehouse.Contracts.Errors;

namespace Gatehouse.Contracts.Audit;

/// <summary>Why a credential or a request was refused, in the terms an operator can act on. The peer sees only <see cref="Refusal.Error"/>.</summary>
public enum RefusalReason
{
    UnknownHub,
    UnknownIdentity,
    IdentityDisabled,
    CredentialMissing,
    TokenMalformed,
    TokenExpired,
    TokenSignatureWrong,
    TokenScopeWrong,
    PolicyUnknown,
    PolicyLacksRight,
    CredentialKindMismatch,
    ThumbprintMismatch,
    CertificateNotTrusted,
    CertificateExpired,
    CertificateNotYetValid,
    CertificateInvalid,
    CertificateNameMismatch,
    ProtocolViolation,
    Throttled,
    BackedOff,
    EndorsementKeyMismatch,
    StorageRootKeyInvalid,
    CertificateRequestRefused,
    QuoteMissing,
    QuoteInvalid,
    BootStateChanged,
    EndorsementCertificateMissing,
    EndorsementCertificateInvalid,
    CertificateRevoked,
    TpmRevoked,
    RevocationListStale,
    KeysOutOfReach,
    TokenLifetimeTooLong,
    TokenNotAccepted,
    NetworkNotAllowed,
    TokenTooWide,
}

/// <summary>One refused connect or request.</summary>
public sealed record Refusal
{
    public string? Hub { get; init; }

    /// <summary>What the peer claimed to be (device, device/module or policy name), cut to 257 characters; null when it never said.</summary>
    public string? Claimed { get; init; }

    public required RefusalReason Reason { get; init; }

    public required HubError Error { get; init; }

    /// <summary>One sentence: what happened, by how much (clock skew in seconds, which key or thumbprint almost matched), what to do next. Never a secret.</summary>
    public required string Detail { get; init; }

    /// <summary><c>mqtt</c>, <c>mqtt-ws</c>, <c>amqp</c>, <c>amqp-ws</c>, <c>https</c>.</summary>
    public required string Protocol { get; init; }

    public string? RemoteAddress { get; init; }
}

/// <summary>Where doors report refusals. Never blocks; bounded; what overflows is counted and the count is recorded.</summary>
public interface IRefusalLog
{
    void Report(Refusal refusal);
}

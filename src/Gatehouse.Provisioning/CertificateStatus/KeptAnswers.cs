using System.Collections.Concurrent;
using Gatehouse.Provisioning.Issuance;

namespace Gatehouse.Provisioning.CertificateStatus;

/// <summary>Answers that were signed and may be given again while they say what is so. Only of certificates that there are, so that strangers cannot fill it with numbers of their own.</summary>
internal sealed class KeptAnswers
{
    // 4 MB at most; then all go, and are signed as they are asked for.
    private const int Most = 4_096;

    private readonly ConcurrentDictionary<string, Kept> answers = new(StringComparer.Ordinal);

    /// <summary>Null for none that says this, by this responder, and has half of its life before it.</summary>
    internal OcspAnswer? Find(CertificateId certificate, RevokedCertificateRow status, StatusResponder responder, DateTimeOffset now) =>
        answers.TryGetValue(NameOf(certificate), out var known) && known.Status == status && known.Responder == responder && known.Answer is { ThisUpdate: { } from, NextUpdate: { } to } answer && from <= now && now < from + ((to - from) / 2)
            ? answer : null;

    internal void Set(CertificateId certificate, RevokedCertificateRow status, StatusResponder responder, OcspAnswer answer)
    {
        if (answers.Count >= Most)
        {
            answers.Clear();
        }

        answers[NameOf(certificate)] = new Kept(status, responder, answer);
    }

    // The hash of the CA's key is part of it, and the answer repeats it byte by byte.
    private static string NameOf(CertificateId certificate) => Convert.ToBase64String(certificate.Encoded.Span);

    private sealed record Kept(RevokedCertificateRow Status, StatusResponder Responder, OcspAnswer Answer);
}

using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Issuance;

namespace Gatehouse.Provisioning.PublicDoor;

/// <summary>What is asked for: <c>/{id scope}/{policy}.crl</c>, <c>.cer</c> or <c>.ocsp</c>, with the mark of a CA between the two or without; after <c>.ocsp</c> the question may follow.</summary>
/// <param name="Scope">Id scope of the service.</param>
/// <param name="Authority">Mark of the CA; null for whichever the policy has.</param>
/// <param name="Policy">Its name.</param>
/// <param name="Kind">Which of the three.</param>
/// <param name="Question">What follows a status; empty where nothing does.</param>
internal sealed record PublicPath(string Scope, string? Authority, string Policy, PublicKind Kind, string Question)
{
    // An id scope, a mark and the name of a policy with room to spare; and a question in base64.
    private const int MaxCharacters = 256;
    private const int MaxQuestionCharacters = 2_048;

    /// <summary>Null for everything else.</summary>
    internal static PublicPath? Read(string? path)
    {
        if (path is not ['/', ..] || path.Length > MaxCharacters + MaxQuestionCharacters)
        {
            return null;
        }

        // Base64 may have slashes of its own: only the first ones are steps.
        var (scope, rest) = Cut(path[1..]);
        var (step, below) = Cut(rest ?? "");
        var authority = below is not null && PublishedAddresses.IsMark(step) ? step : null;
        var (file, question) = authority is null ? (step, below) : Cut(below!);
        var dot = file.LastIndexOf('.');
        return scope.Length > 0 && dot > 0 && EnrollmentKey.IsValid(file[..dot]) && Kinds.TryGetValue(file[dot..], out var kind)
            && (kind == PublicKind.Status || (question is null && path.Length <= MaxCharacters))
            ? new PublicPath(scope, authority, file[..dot], kind, question ?? "")
            : null;
    }

    private static readonly Dictionary<string, PublicKind> Kinds = new(StringComparer.Ordinal)
    {
        [".crl"] = PublicKind.List,
        [".cer"] = PublicKind.Certificate,
        [StatusDoor.Ending] = PublicKind.Status,
    };

    private static (string First, string? After) Cut(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (text, null) : (text[..slash], text[(slash + 1)..]);
    }
}

/// <summary>What can be had of a CA.</summary>
internal enum PublicKind
{
    /// <summary>Its revocation list.</summary>
    List,

    /// <summary>Its certificate.</summary>
    Certificate,

    /// <summary>Whether one that it issued is good: OCSP.</summary>
    Status,
}

using System.Globalization;

namespace Gatehouse.Contracts.Certificates;

/// <summary>Which alarms are asked for.</summary>
/// <param name="IsClosed">Those that were acknowledged or have become void, instead of those that are open.</param>
/// <param name="After">Where the page begins.</param>
/// <param name="Max">Items of it.</param>
public sealed record AlarmQuery(bool IsClosed, AlarmPlace After, int Max);

/// <summary>A place in the order of alarms: by the end of what they are about.</summary>
public sealed record AlarmPlace(long End, string Id)
{
    public static AlarmPlace Start { get; } = new(0, "");

    /// <summary>Null for a text that <see cref="ToString"/> has not given; the start for none.</summary>
    public static AlarmPlace? Read(string? text) =>
        string.IsNullOrEmpty(text) ? Start
        : text.Split(':') is [var end, { Length: > 0 } id] && !id.Contains('\0', StringComparison.Ordinal) && long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? new AlarmPlace(ticks, id)
        : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{End}:{Id}");
}

/// <summary>An alarm in answers of both APIs.</summary>
public sealed record AlarmView
{
    public required string Id { get; init; }

    /// <summary>A word of <see cref="CertificateKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>As <see cref="CertificateView.UsedBy"/>.</summary>
    public string? UsedBy { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    public required string Sha256Thumbprint { get; init; }

    /// <summary>UTC; of a revocation list when the next one is due.</summary>
    public required DateTime NotAfter { get; init; }

    /// <summary>Threshold that was passed; 0: it has ended.</summary>
    public required long Days { get; init; }

    public required DateTime Raised { get; init; }

    /// <summary>Null: it is open.</summary>
    public DateTime? Closed { get; init; }

    /// <summary>Who acknowledged it; <c>server</c> where it had become void.</summary>
    public string? ClosedBy { get; init; }
}

/// <param name="Value">The first to end first.</param>
/// <param name="Next">To be given as <c>after</c>; null on the last page.</param>
public sealed record AlarmPage(IReadOnlyList<AlarmView> Value, string? Next);

/// <param name="Acknowledged">How many were open and are closed now.</param>
public sealed record AcknowledgedAlarms(long Acknowledged);

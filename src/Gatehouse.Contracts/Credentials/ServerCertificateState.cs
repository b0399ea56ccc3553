namespace Gatehouse.Contracts.Credentials;

/// <summary>The server's certificate and its change, without anything secret.</summary>
public sealed record ServerCertificateState
{
    /// <summary>What peers get that name no host; before a change, or beside it.</summary>
    public required ShownCertificate Present { get; init; }

    /// <summary>Null when no change is under way.</summary>
    public ShownCertificate? Next { get; init; }

    /// <summary><c>none</c>, <c>staged</c>, <c>canary</c> or <c>switched</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>Share of handshakes that get the next one; null but in <c>canary</c>.</summary>
    public int? CanaryPercent { get; init; }

    /// <summary>Percent of handshakes whose failing takes it back; 0 never.</summary>
    public int? RollBackAtPercent { get; init; }

    public DateTime? Staged { get; init; }

    public DateTime? Switched { get; init; }

    /// <summary>Until when failing handshakes take it back.</summary>
    public DateTime? WatchedUntil { get; init; }

    /// <summary>Why it was taken back; null when it was not.</summary>
    public string? RolledBack { get; init; }

    /// <summary>What an operator should know before the next step.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Since it was staged; null when no change is under way.</summary>
    public HandshakeCounts? PresentHandshakes { get; init; }

    /// <summary>Since it was shown to some.</summary>
    public HandshakeCounts? NextHandshakes { get; init; }

    /// <summary>PEM of the roots that clients must trust now: those of both certificates during a change.</summary>
    public required string Roots { get; init; }
}

/// <summary>One certificate.</summary>
/// <param name="Source"><c>made</c> by the server, <c>files</c> of <c>--tls</c>, or <c>handed-in</c> by an operator.</param>
/// <param name="Sha256">Of its DER, hexadecimal.</param>
/// <param name="Serial">Its serial number, hexadecimal.</param>
/// <param name="Subject">Its name.</param>
/// <param name="Issuer">Whose it is.</param>
/// <param name="Root">Name of the root as it is shown: the issuer of the last certificate of the chain.</param>
/// <param name="Names">DNS names and addresses.</param>
/// <param name="Algorithm"><c>ec-p256</c>, <c>ec-p384</c>, <c>rsa-</c> and its bits.</param>
/// <param name="NotBefore">UTC.</param>
/// <param name="NotAfter">UTC.</param>
public sealed record ShownCertificate(string Source, string Sha256, string Serial, string Subject, string Issuer, string Root, IReadOnlyList<string> Names, string Algorithm, DateTime NotBefore, DateTime NotAfter);

/// <summary>What became of handshakes in which one certificate was shown.</summary>
/// <param name="Completed">Full handshakes that came to their end.</param>
/// <param name="Refused">Ended by the peer with an alert that speaks of our certificate, or broken off after it was shown.</param>
/// <param name="Left">Of the completed ones over MQTT and AMQP: the peer left without a byte. So do clients that look at the certificate late.</param>
/// <param name="ByStrangers">Refused or left from addresses where nobody was ever authenticated; they count for nothing.</param>
/// <param name="Alerts">The refusals by alert; <c>broken_off</c> without one.</param>
public sealed record HandshakeCounts(long Completed, long Refused, long Left, long ByStrangers, IReadOnlyDictionary<string, long> Alerts);

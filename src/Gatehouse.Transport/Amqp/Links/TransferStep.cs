namespace Gatehouse.Transport.Amqp.Links;

/// <summary>What a transfer did to its link.</summary>
internal enum TransferStep
{
    /// <summary>The link is gone; the frame only counts against the session's window.</summary>
    Ignored,

    /// <summary>More is to come, or the message was kept for later.</summary>
    Partial,

    /// <summary>A whole message is there.</summary>
    Whole,

    /// <summary><c>amqp:link:message-size-exceeded</c></summary>
    TooLarge,

    /// <summary><c>amqp:link:transfer-limit-exceeded</c></summary>
    NoCredit,

    /// <summary>The link's transfers make no sense.</summary>
    Malformed,
}

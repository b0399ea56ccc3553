namespace Gatehouse.Hub.Events;

/// <summary>Why a partition reader was not opened, or ended.</summary>
public enum ReaderFaultKind
{
    /// <summary>There is no such consumer group (any more).</summary>
    GroupNotFound,

    /// <summary>There is no such partition.</summary>
    PartitionNotFound,

    /// <summary>The position lies behind the last event: a checkpoint of another hub, or of events that a restore lost.</summary>
    BehindTheEnd,

    /// <summary>A reader with an owner level holds the partition.</summary>
    Stolen,

    /// <summary>As many readers as there may be.</summary>
    TooMany,
}

/// <summary>A refusal or an end of a partition reader, in words for whoever reads.</summary>
public sealed record ReaderFault(ReaderFaultKind Kind, string Message);

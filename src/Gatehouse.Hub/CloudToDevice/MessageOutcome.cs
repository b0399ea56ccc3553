namespace Gatehouse.Hub.CloudToDevice;

/// <summary>How a message ended; the names are the <c>statusCode</c> of feedback, the numbers are stored.</summary>
internal enum MessageOutcome
{
    Success = 0,
    Expired = 1,
    DeliveryCountExceeded = 2,
    Rejected = 3,
    Purged = 4,
}

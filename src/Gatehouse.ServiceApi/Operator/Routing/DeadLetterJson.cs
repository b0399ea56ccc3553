using Gatehouse.Hub.Routing.DeadLetters;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary>A dead letter in a list.</summary>
/// <param name="Id">Within its endpoint.</param>
/// <param name="Reason">What the far end said last.</param>
/// <param name="BuriedTime">When it was given up.</param>
/// <param name="EnqueuedTime">When the hub took the message in.</param>
/// <param name="Source"><c>iothub-message-source</c>.</param>
/// <param name="DeviceId">Whom it is about.</param>
/// <param name="Bytes">Of the body.</param>
internal sealed record DeadLetterJson(string Id, string Reason, DateTime BuriedTime, DateTime EnqueuedTime, string? Source, string? DeviceId, int Bytes)
{
    internal static DeadLetterJson From(DeadLetter letter) => new(
        letter.Id,
        letter.Reason,
        letter.BuriedTime.UtcDateTime,
        letter.Event.EnqueuedTime.UtcDateTime,
        letter.Event.Annotations.FirstOrDefault(each => each.Key == "iothub-message-source").Value,
        letter.Event.DeviceId,
        letter.Event.Body.Length);
}

/// <summary>How many letters were sent again or thrown away.</summary>
internal sealed record DeadLetterCount(int Letters);

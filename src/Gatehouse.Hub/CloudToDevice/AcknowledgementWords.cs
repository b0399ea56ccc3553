using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>The wire words of <see cref="Acknowledgement"/>.</summary>
public static class AcknowledgementWords
{
    /// <summary>Null and empty mean none. ArgumentInvalid for a word that is not known.</summary>
    public static Result<Acknowledgement> Parse(string? text) => text?.ToLowerInvariant() switch
    {
        null or "" or "none" => Acknowledgement.None,
        "positive" => Acknowledgement.Positive,
        "negative" => Acknowledgement.Negative,
        "full" => Acknowledgement.Full,
        _ => HubErrors.ArgumentInvalid.With("iothub-ack must be none, positive, negative or full."),
    };

    public static string Of(Acknowledgement acknowledgement) => acknowledgement switch
    {
        Acknowledgement.Positive => "positive",
        Acknowledgement.Negative => "negative",
        Acknowledgement.Full => "full",
        _ => "none",
    };
}

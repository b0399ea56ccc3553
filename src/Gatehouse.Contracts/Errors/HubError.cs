namespace Gatehouse.Contracts.Errors;

/// <summary>One entry of the service's error catalogue; every door encodes refusals from it and from nothing else.</summary>
/// <param name="Code">Numeric code, e.g. 404001; its first three digits are the HTTP status.</param>
/// <param name="Name">Value of the <c>iothub-errorcode</c> header and of <c>ErrorCode:</c> in the body.</param>
/// <param name="Message">What the caller reads. No secrets, no internals.</param>
/// <param name="IsTransient">Whether the same call may succeed later.</param>
public sealed record HubError(int Code, string Name, string Message, bool IsTransient = false)
{
    public int HttpStatus => Code / 1000;

    /// <summary>Whole seconds after which the same call succeeds, for the <c>Retry-After</c> header; null when that is not known.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>The same entry with words for this case; code and name stay.</summary>
    public HubError With(string message) => this with { Message = message };
}

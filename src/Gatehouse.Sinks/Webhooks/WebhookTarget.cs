namespace Gatehouse.Sinks.Webhooks;

/// <summary>Where a webhook is called and how its calls are signed.</summary>
public sealed record WebhookTarget
{
    public const int MinSecretLength = 16;
    public const int MaxSecretLength = 256;
    private const int MaxUrlLength = 2048;

    public required Uri Url { get; init; }

    /// <summary>Key of the signature, as text in UTF-8.</summary>
    public required string Secret { get; init; }

    public override string ToString() => $"webhook {Url.GetLeftPart(UriPartial.Authority)} ***";

    /// <summary>Null when something is wrong; <paramref name="fault"/> says what.</summary>
    public static WebhookTarget? Parse(string? url, string? secret, out string fault)
    {
        if (ParseUrl(url, out fault) is not { } uri)
        {
            return null;
        }

        if (secret is not { Length: >= MinSecretLength and <= MaxSecretLength })
        {
            fault = $"A webhook needs a secret of {MinSecretLength} to {MaxSecretLength} characters, with which its calls are signed.";
            return null;
        }

        fault = "";
        return new WebhookTarget { Url = uri, Secret = secret };
    }

    /// <summary>Null when something is wrong; <paramref name="fault"/> says what. Whether it may be without TLS is for the caller to say.</summary>
    public static Uri? ParseUrl(string? url, out string fault)
    {
        if (url is not { Length: > 0 and <= MaxUrlLength } || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Host.Length == 0
            || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            fault = $"The url of a webhook must be an https address of at most {MaxUrlLength} characters, without user or fragment.";
            return null;
        }

        fault = "";
        return uri;
    }

    /// <summary>Scheme, host and port: paths and queries of webhooks often hold keys.</summary>
    public static string Masked(string url) => new Uri(url) is { PathAndQuery.Length: > 1 } uri ? uri.GetLeftPart(UriPartial.Authority) + "/****" : url;
}

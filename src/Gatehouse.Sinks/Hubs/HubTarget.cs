using System.Globalization;

namespace Gatehouse.Sinks.Hubs;

/// <summary>Another hub's service API: where it is, and the policy by which it is called.</summary>
/// <remarks>Source: IoT Hub "Control access with shared access signatures" page. A port may follow the host name, which the service does not know: other servers listen elsewhere.</remarks>
public sealed record HubTarget
{
    /// <summary>Longest connection string. Characters.</summary>
    public const int MaxLength = ConnectionText.MaxLength;

    private const int UsualPort = 443;
    private const int MinKeyBytes = 16;
    private const int MaxKeyBytes = 64;
    private const int MaxHostLength = 253;

    /// <summary>Lower-case, without port.</summary>
    public required string HostName { get; init; }

    public required int Port { get; init; }

    public required string PolicyName { get; init; }

    internal byte[] Key { get; init; } = [];

    public override string ToString() => $"hub {HostName} ***";

    /// <summary>Null when something is wrong; <paramref name="fault"/> says what, and never quotes the text.</summary>
    public static HubTarget? Parse(string? text, out string fault)
    {
        fault = "";
        if (ConnectionText.Parse(text) is not { Count: 3 } parts
            || !parts.TryGetValue("HostName", out var address) || !parts.TryGetValue("SharedAccessKeyName", out var policy) || !parts.TryGetValue("SharedAccessKey", out var key))
        {
            fault = $"The connection string must be HostName=…;SharedAccessKeyName=…;SharedAccessKey=… of a policy of the hub, of at most {MaxLength} characters.";
            return null;
        }

        var colon = address.IndexOf(':', StringComparison.Ordinal);
        var host = colon < 0 ? address : address[..colon];
        var port = UsualPort;
        if (host.Length is 0 or > MaxHostLength || Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4) || !host.All(char.IsAscii)
            || (colon >= 0 && (!int.TryParse(address[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535)))
        {
            fault = "The HostName of the connection string must be a host name, and may end in :port.";
            return null;
        }

        var bytes = new byte[MaxKeyBytes + 3];
        if (policy.Length is 0 or > 64 || key.Length > 2 * MaxKeyBytes || !Convert.TryFromBase64String(key, bytes, out var length) || length is < MinKeyBytes or > MaxKeyBytes)
        {
            fault = $"The SharedAccessKey of the connection string must be base64 of {MinKeyBytes} to {MaxKeyBytes} bytes, and its policy name 1 to 64 characters.";
            return null;
        }

        return new HubTarget { HostName = host.ToLowerInvariant(), Port = port, PolicyName = policy, Key = bytes[..length] };
    }

    /// <summary>The connection string as answers show it: without the key.</summary>
    public static string Masked(string text) => ConnectionText.Masked(text, "SharedAccessKey");
}

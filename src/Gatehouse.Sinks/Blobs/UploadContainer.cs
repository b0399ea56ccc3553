namespace Gatehouse.Sinks.Blobs;

/// <summary>A container of a storage account that others write to with tokens for single blobs, which are signed here with the account's key.</summary>
public sealed class UploadContainer
{
    private readonly StorageAccount account;
    private readonly string container;

    private UploadContainer(StorageAccount account, string container) => (this.account, this.container) = (account, container);

    /// <summary>Host, and port where it is not the usual one.</summary>
    public string HostName => account.Endpoint.Authority;

    /// <summary>Path to the container: emulators have the account's name before it.</summary>
    public string ContainerPath => account.Endpoint.AbsolutePath[1..] + container;

    /// <summary>Which container of which account; no secret.</summary>
    public string Address => account.Endpoint.AbsoluteUri + container;

    /// <summary>What is wrong with it, in words; null when nothing is.</summary>
    public static string? Check(string? connectionString, string? containerName, SinkOptions options)
    {
        if (BlobTarget.Check(connectionString, options) is { } fault)
        {
            return fault;
        }

        var parts = ConnectionText.Parse(connectionString)!;
        if (!parts.ContainsKey("AccountName") || !parts.ContainsKey("AccountKey") || parts.ContainsKey("SharedAccessSignature"))
        {
            return "The connection string must hold AccountName and AccountKey: the tokens that devices write with are signed with the key.";
        }

        return BlobTarget.IsContainerName(containerName) ? null : "The containerName must have 3 to 63 characters of a-z 0-9 and single hyphens between them.";
    }

    /// <summary>What <see cref="Check"/> took.</summary>
    public static UploadContainer Parse(string connectionString, string containerName) => new(StorageAccount.Parse(connectionString), containerName);

    public string AddressOf(string blob) => account.AddressOf(container, blob);

    /// <summary>A token for one blob, as a query with a leading <c>?</c>; over TLS only, unless the account has none.</summary>
    public string TokenFor(string blob, string permissions, DateTimeOffset expires) => account.Token(container, blob, permissions, expires);

    public override string ToString() => $"container {Address} ***";

    internal HttpRequestMessage Ask() => account.HeadContainer(container);

    internal HttpRequestMessage AskFor(string blob) => account.Head(container, blob);
}

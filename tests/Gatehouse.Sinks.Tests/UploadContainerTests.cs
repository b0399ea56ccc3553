using Gatehouse.Sinks.Blobs;
using Xunit;

namespace Gatehouse.Sinks.Tests;

/// <summary>Which storage accounts are taken, and the tokens that are signed with their keys.</summary>
public sealed class UploadContainerTests
{
    private const string Key = "AccountKey=bm90IGEga2V5IG9mIGFueWJvZHk=";

    [Fact]
    public void A_token_is_the_one_that_the_storage_client_makes()
    {
        var container = UploadContainer.Parse($"AccountName=acct;{Key}", "box");

        // Made with generateBlobSASQueryParameters of @azure/storage-blob 12.31.0.
        Assert.Equal(
            "?sv=2020-12-06&spr=https&se=2026-11-24T09%3A00%3A00Z&sr=b&sp=rw&sig=5eur6mvODSeZAxDg%2BVZuXSzE5jla7PKbleLLSyjB4BI%3D",
            container.TokenFor("d1/lögs/a #1%.txt", "rw", new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero)));
    }

    [Theory]
    [InlineData("AccountName=acct", "acct.blob.core.windows.net", "box", "https://acct.blob.core.windows.net/box/d1/a%20b")]
    [InlineData("AccountName=acct;EndpointSuffix=core.example.org", "acct.blob.core.example.org", "box", "https://acct.blob.core.example.org/box/d1/a%20b")]
    [InlineData("AccountName=acct;BlobEndpoint=https://files.example.org:8443", "files.example.org:8443", "box", "https://files.example.org:8443/box/d1/a%20b")]
    [InlineData("AccountName=acct;BlobEndpoint=https://127.0.0.1:10000/acct/", "127.0.0.1:10000", "acct/box", "https://127.0.0.1:10000/acct/box/d1/a%20b")]
    public void Its_address_comes_from_the_connection_string(string text, string host, string path, string address)
    {
        var container = UploadContainer.Parse($"{text};{Key}", "box");

        Assert.Equal((host, path, address), (container.HostName, container.ContainerPath, container.AddressOf("d1/a b")));
    }

    [Theory]
    [InlineData("AccountName=acct;" + Key, "box", true)]
    [InlineData("AccountName=acct;DefaultEndpointsProtocol=http;" + Key, "box", false)]
    [InlineData("AccountName=acct;BlobEndpoint=http://x.example.org;" + Key, "box", false)]
    [InlineData("AccountName=acct;DefaultEndpointsProtocol=ftp;" + Key, "box", false)]
    [InlineData("AccountName=acct;EndpointSuffix=a/b;" + Key, "box", false)]
    [InlineData("AccountName=a/b;" + Key, "box", false)]
    [InlineData("AccountName=;" + Key, "box", false)]
    [InlineData(Key, "box", false)]
    [InlineData("AccountName=acct;AccountKey=#", "box", false)]
    [InlineData("AccountName=acct;AccountKey=", "box", false)]
    [InlineData("AccountName=acct;SharedAccessSignature=sv=1;" + Key, "box", false)]
    [InlineData("BlobEndpoint=https://x.example.org;SharedAccessSignature=sv=1", "box", false)]
    [InlineData("AccountName=acct;" + Key, "Box", false)]
    [InlineData("AccountName=acct;" + Key, null, false)]
    [InlineData("", "box", false)]
    [InlineData(null, "box", false)]
    public void Only_accounts_with_a_key_and_TLS_are_taken(string? text, string? container, bool isTaken) => Assert.Equal(isTaken, UploadContainer.Check(text, container, new SinkOptions()) is null);

    [Theory]
    [InlineData("..", "https://acct.blob.core.windows.net/box/../x")]
    [InlineData("d1/a/./b", "https://acct.blob.core.windows.net/box/d1/a/./b/x")]
    public void No_name_leads_out_of_its_container(string name, string address)
    {
        using var request = UploadContainer.Parse($"AccountName=acct;{Key}", "box").AskFor(name + "/x");

        Assert.Equal(address, request.RequestUri!.AbsoluteUri);
        Assert.StartsWith("/box/", request.RequestUri.PathAndQuery, StringComparison.Ordinal);
    }
}

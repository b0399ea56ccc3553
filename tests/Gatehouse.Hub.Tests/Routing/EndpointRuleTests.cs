using Gatehouse.Hub.Routing;
using Gatehouse.Sinks;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>What an endpoint must be, type by type.</summary>
public sealed class EndpointRuleTests
{
    private const string Account = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aaaa;EndpointSuffix=core.windows.net";
    private const string Broker = "Endpoint=sb://broker/;SharedAccessKeyName=n;SharedAccessKey=k;EntityPath=e";

    public static TheoryData<string> Refused =>
    [
        """{"name":"events","type":"webhook"}""",
        """{"name":"fileNotifications","type":"webhook"}""",
        """{"name":"a b","type":"webhook"}""",
        """{"name":"e","type":"cosmosDBSqlContainer"}""",
        """{"name":"e","type":"ftp"}""",
        """{"name":"e","type":"eventHub"}""",
        """{"name":"e","type":"eventHub","connectionString":"Endpoint=sb://b/;SharedAccessKeyName=n;SharedAccessKey=k"}""",
        """{"name":"e","type":"eventHub","connectionString":"Endpoint=https://b/;SharedAccessKeyName=n;SharedAccessKey=k;EntityPath=e"}""",
        """{"name":"e","type":"eventHub","connectionString":"Endpoint=amqp://b/;SharedAccessKeyName=n;SharedAccessKey=k;EntityPath=e"}""",
        """{"name":"e","type":"eventHub","connectionString":"Endpoint=sb://b/;SharedAccessKeyName=n;SharedAccessKey=k;EntityPath=e;EntityPath=f"}""",
        """{"name":"e","type":"eventHub","authenticationType":"identityBased","connectionString":"Endpoint=sb://b/;SharedAccessKeyName=n;SharedAccessKey=k;EntityPath=e"}""",
        """{"name":"e","type":"webhook","url":"https://example.com/","secret":"short"}""",
        """{"name":"e","type":"webhook","url":"http://example.com/","secret":"0123456789abcdef"}""",
        """{"name":"e","type":"webhook","url":"https://user:pw@example.com/","secret":"0123456789abcdef"}""",
        """{"name":"e","type":"webhook","url":"file:///etc/passwd","secret":"0123456789abcdef"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c","connectionString":"AccountName=a"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c","connectionString":"BlobEndpoint=http://a/;SharedAccessSignature=x"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c","connectionString":"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=aaaa"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c","connectionString":"DefaultEndpointsProtocol=ftp;AccountName=a;AccountKey=aaaa"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c","connectionString":"AccountName=a;AccountKey=aaaa;EndpointSuffix=a/b"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c","connectionString":"AccountName=a/b;AccountKey=aaaa"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c","connectionString":"AccountName=a;AccountKey=not base64"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c","connectionString":"AccountName=a;AccountKey=****"}""",
        """{"name":"e","type":"storageContainer","containerName":"c1c","connectionString":"BlobEndpoint=https://a/;SharedAccessSignature=****"}""",
        """{"name":"e","type":"eventHub","connectionString":"Endpoint=sb://b/;SharedAccessKeyName=n;SharedAccessKey=****;EntityPath=e"}""",
    ];

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_cannot_be_delivered_to_is_refused(string json)
    {
        var given = System.Text.Json.JsonSerializer.Deserialize<RoutingEndpoint>(json, System.Text.Json.JsonSerializerOptions.Web)!;

        Assert.Equal("ArgumentInvalid", EndpointRules.Check(given, new SinkOptions()).Error?.Name);
    }

    [Fact]
    public void Defaults_are_those_of_the_service()
    {
        var endpoint = EndpointRules.Check(new RoutingEndpoint { Name = "s", Type = "storageContainer", ConnectionString = Account, ContainerName = "events" }, new SinkOptions()).Value;

        Assert.Equal(("{iothub}/{partition}/{YYYY}/{MM}/{DD}/{HH}/{mm}", 300, 314_572_800L, "Avro", "keyBased"),
            (endpoint.FileNameFormat, endpoint.BatchFrequencyInSeconds, endpoint.MaxChunkSizeInBytes, endpoint.Encoding, endpoint.AuthenticationType));
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(59, false)]
    [InlineData(720, true)]
    [InlineData(721, false)]
    public void The_batch_frequency_has_its_range(int seconds, bool isTaken) => Assert.Equal(isTaken, Storage(endpoint => endpoint with { BatchFrequencyInSeconds = seconds }));

    [Theory]
    [InlineData(10_485_760, true)]
    [InlineData(10_485_759, false)]
    [InlineData(524_288_000, true)]
    [InlineData(524_288_001, false)]
    public void The_chunk_size_has_its_range(long bytes, bool isTaken) => Assert.Equal(isTaken, Storage(endpoint => endpoint with { MaxChunkSizeInBytes = bytes }));

    [Theory]
    [InlineData("{mm}{HH}{DD}{MM}{YYYY}{partition}{iothub}", true)]
    [InlineData("logs/{iothub}-{partition}/{YYYY}/{MM}/{DD}/{HH}.{mm}", true)]
    [InlineData("{iothub}/{partition}/{YYYY}/{MM}/{DD}/{HH}", false)]
    [InlineData("{iothub}/{iothub}/{partition}/{YYYY}/{MM}/{DD}/{HH}/{mm}", false)]
    [InlineData("../{iothub}/{partition}/{YYYY}/{MM}/{DD}/{HH}/{mm}", false)]
    [InlineData("/{iothub}/{partition}/{YYYY}/{MM}/{DD}/{HH}/{mm}", false)]
    [InlineData("{iothub}/{partition}/{YYYY}/{MM}/{DD}/{HH}/{mm}/{ss}", false)]
    public void The_file_name_format_holds_every_token_once(string format, bool isTaken) => Assert.Equal(isTaken, Storage(endpoint => endpoint with { FileNameFormat = format }));

    [Theory]
    [InlineData("abc", true)]
    [InlineData("ab", false)]
    [InlineData("Abc", false)]
    [InlineData("a--b", false)]
    [InlineData("-ab", false)]
    [InlineData("a/../b", false)]
    public void A_container_has_a_name_that_storage_takes(string name, bool isTaken) => Assert.Equal(isTaken, Storage(endpoint => endpoint with { ContainerName = name }));

    [Fact]
    public void Without_tls_only_where_private_addresses_are_allowed()
    {
        var plain = new RoutingEndpoint { Name = "e", Type = "eventHub", ConnectionString = Broker.Replace("sb://", "amqp://", StringComparison.Ordinal) };
        var hook = new RoutingEndpoint { Name = "e", Type = "webhook", Url = "http://localhost/", Secret = "0123456789abcdef" };

        var storage = new RoutingEndpoint { Name = "e", Type = "storageContainer", ConnectionString = Account.Replace("https", "http", StringComparison.Ordinal), ContainerName = "events" };

        Assert.All([plain, hook, storage], endpoint => Assert.False(EndpointRules.Check(endpoint, new SinkOptions()).IsOk));
        Assert.All([plain, hook, storage], endpoint => Assert.True(EndpointRules.Check(endpoint, new SinkOptions { AllowPrivateAddresses = true }).IsOk));
    }

    private static bool Storage(Func<RoutingEndpoint, RoutingEndpoint> change) =>
        EndpointRules.Check(change(new RoutingEndpoint { Name = "s", Type = "storageContainer", ConnectionString = Account, ContainerName = "events" }), new SinkOptions()).IsOk;
}

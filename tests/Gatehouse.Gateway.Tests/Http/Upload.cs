using System.Text;
using System.Text.Json;
using Xunit;

namespace Gatehouse.Gateway.Tests.Http;

/// <summary>An upload that a device has begun, and its requests to the blob endpoint.</summary>
internal sealed class Upload
{
    private readonly HttpDoor door;
    private readonly JsonElement answer;

    private Upload(HttpDoor door, JsonElement answer) => (this.door, this.answer) = (door, answer);

    internal string CorrelationId => Text("correlationId");

    internal string BlobName => Text("blobName");

    internal string HostName => Text("hostName");

    internal string SasToken => Text("sasToken");

    internal string Path => $"/{Text("containerName")}/{BlobName}";

    internal static async Task<Upload> BeginAsync(HttpDoor door, string token, string name = "path/name.txt", string device = "d1")
    {
        var begun = await door.AskAsync("POST", $"/devices/{device}/files?api-version=2021-04-12", token, Encoding.UTF8.GetBytes($$"""{"blobName":"{{name}}"}"""));
        Assert.True(begun.Code == 200, begun.Text);
        return new Upload(door, JsonDocument.Parse(begun.Body).RootElement);
    }

    internal Task<HttpDoor.Answer> PutAsync(byte[] body, string? path = null, string? token = null, params (string Name, string Value)[] headers) =>
        door.AskAsync("PUT", (path ?? Path) + (token ?? SasToken), null, body, headers: [("x-ms-blob-type", "BlockBlob"), .. headers]);

    internal Task<HttpDoor.Answer> PutBlockAsync(string id, byte[] body) =>
        door.AskAsync("PUT", $"{Path}{SasToken}&comp=block&blockid={Uri.EscapeDataString(Convert.ToBase64String(Encoding.ASCII.GetBytes(id)))}", null, body);

    internal Task<HttpDoor.Answer> PutBlockListAsync(params string[] ids) =>
        PutBlockListXmlAsync($"<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{string.Concat(ids.Select(id => $"<Latest>{Convert.ToBase64String(Encoding.ASCII.GetBytes(id))}</Latest>"))}</BlockList>");

    internal Task<HttpDoor.Answer> PutBlockListXmlAsync(string xml) => door.AskAsync("PUT", $"{Path}{SasToken}&comp=blocklist", null, Encoding.UTF8.GetBytes(xml), headers: ("x-ms-blob-content-type", "text/plain"));

    internal Task<HttpDoor.Answer> GetAsync(string method = "GET", params (string Name, string Value)[] headers) => door.AskAsync(method, Path + SasToken, null, headers: headers);

    internal Task<HttpDoor.Answer> NotifyAsync(string token, bool isSuccess = true, string device = "d1") => door.AskAsync(
        "POST", $"/devices/{device}/files/notifications", token, Encoding.UTF8.GetBytes($$"""{"correlationId":"{{CorrelationId}}","isSuccess":{{(isSuccess ? "true" : "false")}},"statusCode":200,"statusDescription":"ok"}"""));

    private string Text(string name) => answer.GetProperty(name).GetString()!;
}

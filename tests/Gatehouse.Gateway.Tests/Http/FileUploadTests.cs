using System.Text;
using System.Text.Json;
using Gatehouse.Hub.Notifications;
using Gatehouse.Hub.Registry;
using Xunit;
using FileOptions = Gatehouse.Hub.Files.FileOptions;

namespace Gatehouse.Gateway.Tests.Http;

/// <summary>What a device does to upload a file: ask, write, say that it has. And what it cannot do.</summary>
public sealed class FileUploadTests
{
    [Fact]
    public async Task A_file_is_written_and_back_ends_are_told()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        var upload = await Upload.BeginAsync(door, token);
        Assert.Equal(("d1/path/name.txt", "localhost", "/uploads/d1/path/name.txt"), (upload.BlobName, upload.HostName, upload.Path));
        Assert.StartsWith("?sv=", upload.SasToken, StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{32}$", upload.CorrelationId);

        Assert.Equal(201, (await upload.PutAsync("hello"u8.ToArray())).Code);
        (await upload.NotifyAsync(token)).ExpectDone();

        var notification = await host.Get<NotificationQueues>().TakeAsync(host.Hub, NotificationKind.FileNotification, TestContext.Current.CancellationToken);
        var body = JsonDocument.Parse(notification!.Body).RootElement;
        Assert.Equal(["deviceId", "blobUri", "blobName", "lastUpdatedTime", "blobSizeInBytes", "enqueuedTimeUtc"], body.EnumerateObject().Select(each => each.Name));
        Assert.Equal(("d1", "https://localhost/uploads/d1/path/name.txt", "d1/path/name.txt", 5), (body.GetProperty("deviceId").GetString(), body.GetProperty("blobUri").GetString(), body.GetProperty("blobName").GetString(), body.GetProperty("blobSizeInBytes").GetInt32()));
        (await upload.NotifyAsync(token)).ExpectError(400, "InvalidFileUploadCorrelationId");
    }

    [Theory]
    [InlineData("POST", "/devices/d1/files/notifications/{0}", """{"isSuccess":false}""")]
    [InlineData("POST", "/devices/d1/files/notifications/{0}?api-version=1", """{"correlationId":"other","isSuccess":false,"statusCode":0,"statusDescription":null}""")]
    [InlineData("POST", "/devices/d1/files/notifications/?api-version=2016-11-14", """{"correlationId":"{0}","isSuccess":false}""")]
    public async Task Each_clients_way_of_notifying_is_understood(string method, string path, string body)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        var upload = await Upload.BeginAsync(door, token);

        (await door.AskAsync(method, path.Replace("{0}", upload.CorrelationId, StringComparison.Ordinal), token, Encoding.UTF8.GetBytes(body.Replace("{0}", upload.CorrelationId, StringComparison.Ordinal)))).ExpectDone();

        Assert.Null(await host.Get<NotificationQueues>().TakeAsync(host.Hub, NotificationKind.FileNotification, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("../d2/x")]
    [InlineData("a/../../d2/x")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("./a")]
    [InlineData("a\\\\b")]
    [InlineData("a\\u0000")]
    [InlineData("")]
    public async Task A_name_that_might_be_read_as_another_path_is_refused(string name)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        var answer = await door.AskAsync("POST", "/devices/d1/files", await host.TokenOfNewAsync("d1"), Encoding.UTF8.GetBytes($$"""{"blobName":"{{name}}"}"""));

        answer.ExpectError(400, name.Length == 0 ? "ArgumentNull" : "ArgumentInvalid");
    }

    [Theory]
    [InlineData(1021, 200)]
    [InlineData(1022, 400)]
    public async Task The_length_of_a_name_is_bounded(int length, int status)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        Assert.Equal(status, (await door.AskAsync("POST", "/devices/d1/files", await host.TokenOfNewAsync("d1"), Encoding.UTF8.GetBytes($$"""{"blobName":"{{new string('x', length)}}"}"""))).Code);
    }

    [Fact]
    public async Task Ten_uploads_may_be_under_way_and_no_more_until_one_ends()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        var first = await Upload.BeginAsync(door, token);
        for (var i = 1; i < 10; i++)
        {
            await Upload.BeginAsync(door, token, $"f{i}");
        }

        (await door.AskAsync("POST", "/devices/d1/files", token, """{"blobName":"x"}"""u8.ToArray())).ExpectError(403, "DeviceMaximumActiveFileUploadLimitExceeded");
        (await first.NotifyAsync(token, isSuccess: false)).ExpectDone();
        await Upload.BeginAsync(door, token, "x");
    }

    [Fact]
    public async Task An_upload_ends_with_its_token_and_may_be_told_for_an_hour_more()
    {
        await using var host = await GatewayHost.StartAsync(files: new FileOptions { TokenLife = TimeSpan.FromMinutes(5) });
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        var upload = await Upload.BeginAsync(door, token);
        Assert.Equal(201, (await upload.PutAsync([1])).Code);

        host.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((403, "AuthenticationFailed"), Fault(await upload.PutAsync([1])));
        host.Time.Advance(TimeSpan.FromMinutes(59));
        token = Encoding.UTF8.GetString(host.TokenOf("localhost/devices/d1", await host.RegisterAsync("d1", ifMatch: IfMatch.Any)));
        var second = await Upload.BeginAsync(door, token);
        host.Time.Advance(TimeSpan.FromMinutes(1));

        (await upload.NotifyAsync(token)).ExpectError(400, "ExpiredFileUploadCorrelationId");
        (await second.NotifyAsync(token, isSuccess: false)).ExpectDone();
    }

    [Fact]
    public async Task A_success_without_a_file_is_refused()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        var upload = await Upload.BeginAsync(door, token);

        (await upload.NotifyAsync(token)).ExpectError(400, "InvalidFileUploadCompletionStatus");
        Assert.Equal(201, (await upload.PutAsync([])).Code);
        (await upload.NotifyAsync(token)).ExpectDone();
    }

    [Fact]
    public async Task Another_device_neither_finishes_an_upload_nor_writes_or_reads_it()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var upload = await Upload.BeginAsync(door, await host.TokenOfNewAsync("d1"));
        var other = await host.TokenOfNewAsync("d2");
        var theirs = await Upload.BeginAsync(door, other, device: "d2");

        (await upload.NotifyAsync(other, device: "d2")).ExpectError(400, "InvalidFileUploadCorrelationId");
        (await upload.NotifyAsync(other)).ExpectError(401, "IotHubUnauthorized");
        foreach (var path in new[] { upload.Path, "/uploads/d2/../d1/path/name.txt", "/uploads/d2%2f..%2fd1/path/name.txt", "/uploads/D2/path/name.txt", theirs.Path + "x", theirs.Path + "/x" })
        {
            var answer = await upload.PutAsync([1], path, theirs.SasToken);
            Assert.True(answer.Code is 403 or 418, $"{path}: {answer.Code}");
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(host.FilesFolder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"blobName\":1}")]
    [InlineData("{\"blobName\":\"x\"} x")]
    public async Task A_body_that_is_none_is_a_format_error(string body)
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        (await door.AskAsync("POST", "/devices/d1/files", await host.TokenOfNewAsync("d1"), Encoding.UTF8.GetBytes(body))).ExpectError(400, "IotHubFormatError");
    }

    private static (int, string?) Fault(HttpDoor.Answer answer) => (answer.Code, answer.Header("x-ms-error-code"));
}

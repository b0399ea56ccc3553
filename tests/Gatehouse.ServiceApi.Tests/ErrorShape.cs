using System.Text.Json;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>How every refusal looks to the SDKs: Node reads the code from Message, C# wants header and body to agree.</summary>
internal static class ErrorShape
{
    internal static void Check(RunningApi.Answer answer, int status, string name)
    {
        Assert.True(status == answer.Code && answer.Header("iothub-errorcode") == name, $"Expected {status} {name}, got {answer.Code} {answer.Header("iothub-errorcode")}: {answer.Body}");
        using var json = JsonDocument.Parse(answer.Body);
        Assert.Equal(["Message", "ExceptionMessage"], json.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.StartsWith($"ErrorCode:{name};", json.RootElement.GetProperty("Message").GetString(), StringComparison.Ordinal);
        Assert.Matches(@"^Tracking ID:[0-9a-f]{32}-G:\d+-TimeStamp:\d\d/\d\d/\d{4} \d\d:\d\d:\d\d$", json.RootElement.GetProperty("ExceptionMessage").GetString());
        Assert.Equal("application/json; charset=utf-8", answer.Header("Content-Type"));
        Assert.True(Guid.TryParse(answer.Header("x-ms-request-id"), out _));
        Assert.DoesNotContain("   at ", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Gatehouse.", answer.Body, StringComparison.Ordinal);
    }
}

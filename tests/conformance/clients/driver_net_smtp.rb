# Sends mails with the mail gem on net-smtp. See support.real_client.
#
# The settings are those that ActionMailer hands to the gem. In mode `none`, STARTTLS is switched off as the gem does from
# version 2.8 on: older ones leave net-smtp's own default, which is to take STARTTLS where it is offered.

require 'json'
require 'mail'
require 'net/smtp'
require 'openssl'

class Quiet < Mail::SMTP
  private

  def build_smtp_session
    super.tap(&:disable_starttls)
  end
end

def settings(job)
  made = { address: job['host'], port: job['port'], domain: 'app.example.com' }
  made[:open_timeout] = made[:read_timeout] = job['timeout']
  made[:tls] = true if job['mode'] == 'implicit'
  made[:enable_starttls] = true if job['mode'] == 'starttls'
  made[:openssl_verify_mode] = 'none' unless job['verify']
  made[:user_name] = job['user'] unless job['user'].empty?
  made[:password] = job['password'] unless job['password'].empty?
  made[:authentication] = job['options']['auth_mechanism'] if job['options'].key?('auth_mechanism')
  made
end

def run(job)
  mail = Mail.new(from: job['sender'], to: job['to'], subject: 'Conformance', body: ".one line\r\n", charset: 'UTF-8')
  mail.delivery_method(job['mode'] == 'none' ? Quiet : Mail::SMTP, settings(job))
  mail.deliver!
  { ok: true }
rescue StandardError => e
  status = e.respond_to?(:response) && e.response ? e.response.status.to_i : 0
  { ok: false, error: e.class.name, code: status.positive? ? status : nil, message: e.message.to_s.scrub('?') }
end

$stdout.sync = true
out = Mutex.new
OpenSSL::SSL::SSLContext.new.set_params
puts 'ready'
$stdin.each_line do |line|
  job = JSON.parse(line)
  Thread.new do
    worker = Thread.new { run(job) }
    outcome = worker.join(job['patience']) ? worker.value : { hangs: true }
    out.synchronize { puts JSON.generate({ id: job['id'], **outcome }) }
    worker.kill
  end
end
